/**
 * Arguments of ops as NumPy and Keras take them: vectors in products, several axes at once, places to cut at, bounds that
 * are tensors, all elements in a row. Expected values are those of NumPy.
 */
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import {
  input,
  Layer,
  layers,
  losses,
  Model,
  ops,
  type SymbolicTensor,
  type Tensor,
  tensor,
} from 'ridgeline';
import { expect, test } from 'vitest';
import { expectSameInRuntime } from './support/onnx.js';
import { expectFailure } from './support/small.js';

const v = tensor([1, 2, 3]);
const m = tensor([
  [1, 2, 3],
  [4, 5, 6],
]);
const plain = (t: Tensor): unknown => t.toArray();

test('a vector in a product is a row or a column', () => {
  expect(plain(ops.matmul(m, v))).toEqual([14, 32]);
  expect(plain(ops.matmul(v, m, { transposeB: true }))).toEqual([14, 32]);
  expect(plain(ops.matmul(v, v))).toBe(14);
  // A vector has no transpose.
  expect(plain(ops.matmul(m, v, { transposeB: true }))).toEqual([14, 32]);
  expectFailure(() => ops.matmul(v, tensor([1, 2])), 'ERR_SHAPE', /matmul/);
});

test('a product with a vector is exported', async () => {
  const x = input([null, 3]);
  const model = new Model({ inputs: x, outputs: ops.matmul(layers.dense(3)(x), v) });
  await expectSameInRuntime(model);
});

test('several axes at once', () => {
  expect(ops.expandDims(m, [0, -1]).shape).toEqual([1, 2, 3, 1]);
  expect(ops.expandDims(m, [-1, 1]).shape).toEqual([2, 1, 3, 1]);
  expect(ops.squeeze(ops.expandDims(m, [0, -1]), [-1, 0]).shape).toEqual([2, 3]);
  expect(plain(ops.flip(m, [0, 1]))).toEqual([
    [6, 5, 4],
    [3, 2, 1],
  ]);
  expectFailure(() => ops.expandDims(m, [0, -4]), 'ERR_ARGUMENT', /different axes/);
  expectFailure(() => ops.squeeze(m, [0]), 'ERR_SHAPE', /no 1 along axis 0/);
  expectFailure(() => ops.flip(m, [2]), 'ERR_ARGUMENT', /axis/);
});

test('split before places', () => {
  const parts = ops.split(tensor([1, 2, 3, 4, 5]), [1, 3], 0);
  expect(parts.map(plain)).toEqual([[1], [2, 3], [4, 5]]);
  expect(ops.split(tensor([1, 2]), [0, 2], 0).map(({ shape }) => shape)).toEqual([[0], [2], [0]]);
  expectFailure(() => ops.split(m, [2, 1]), 'ERR_ARGUMENT', /parts\[1\]/);
  expectFailure(() => ops.split(m, [4]), 'ERR_SHAPE', /of 4 at least/);
});

test('bounds that are tensors', () => {
  expect(plain(ops.clip(m, tensor([2, 2, 3]), 4))).toEqual([
    [2, 2, 3],
    [4, 4, 4],
  ]);
});

test('all elements in a row', () => {
  expect(plain(ops.argMax(m, null))).toBe(5);
  expect(plain(ops.argMin(m, null))).toBe(0);
  expect(plain(ops.cumsum(m, null))).toEqual([1, 3, 6, 10, 15, 21]);
});

test('decimals', () => {
  expect(plain(ops.round(tensor([1.25, -2.75]), 1))).toEqual(Array.from(Float32Array.of(1.2, -2.8)));
  expect(plain(ops.round(tensor([125, 136]), -1))).toEqual([120, 140]);
  expect(plain(ops.round(tensor(Int32Array.of(125, 136)), -1))).toEqual([120, 140]);
  expectFailure(() => ops.round(m, 0.5), 'ERR_ARGUMENT', /decimals/);
});

test('tiles of fewer and of more axes', () => {
  expect(plain(ops.tile(m, 2))).toEqual([
    [1, 2, 3, 1, 2, 3],
    [4, 5, 6, 4, 5, 6],
  ]);
  expect(ops.tile(v, [2, 1, 2]).shape).toEqual([2, 1, 6]);
});

test('softmax over several axes, and scales by feature', () => {
  const x = tensor([
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  const whole = ops.reshape(ops.softmax(ops.reshape(x, [1, 4])), [1, 2, 2]);
  expect(ops.max(ops.abs(ops.sub(layers.softmax({ axis: [1, -1] })(x), whole))).toArray()).toBeLessThan(3e-7);
  const rescaled = layers.rescaling([1, 10], { offset: [0, 5] })(tensor([[1, 2]]));
  expect(plain(rescaled)).toEqual([[1, 25]]);
  expect(layers.prelu({ sharedAxes: 1 })(x).shape).toEqual([1, 2, 2]);
  expect(layers.einsumDense('ab,b->a', [])(m).shape).toEqual([2]);
});

test('an ignored class has neither a loss nor a gradient where the loss is called', () => {
  const loss = losses.sparseCategoricalCrossentropy({ ignoreClass: -1, fromLogits: true });
  const labels = tensor(Int32Array.of(-1, 2), { shape: [2] });
  const scores = tensor([
    [0.854, 0.698, 0.598],
    [0.088, 0.86, 0.018],
  ]);
  const of = (x: Tensor) => ops.sum(loss.call(labels, x));
  const each = loss.call(labels, scores).toArray() as number[];
  expect(each[0]).toBe(0);
  expect(each[1]).toBeCloseTo(1.480129, 5);
  const [, [gradient]] = ops.valueAndGrad(of as never)(scores) as unknown as [Tensor, [Tensor]];
  expect((gradient.toArray() as number[][])[0]?.map(Math.abs)).toEqual([0, 0, 0]);
});

test('an axis of unknown size is sorted and repeated, and has its largest picked', async () => {
  const x = input([null, 2]);
  const turned = ops.transpose(x, [0, 2, 1]);
  const model = new Model({
    inputs: x,
    outputs: [
      ops.sort(turned),
      ops.argSort(x, { axis: 1, descending: true }),
      ops.repeat(x, 2, 1),
      ops.topK(turned, 2)[0],
    ],
  });
  const rows = tensor([
    [
      [3, 1],
      [1, 5],
      [2, 0],
    ],
  ]);
  expect((model.predictSync(rows) as unknown as Tensor[]).map(plain)).toEqual([
    [[[1, 2, 3], [0, 1, 5]]],
    [[[0, 1], [2, 0], [1, 2]]],
    [[[3, 1], [3, 1], [1, 5], [1, 5], [2, 0], [2, 0]]],
    [[[3, 2], [5, 1]]],
  ]); // biome-ignore format: rows
  expectFailure(() => model.predictSync(tensor([[[1, 2]]])), 'ERR_SHAPE', /topK: \[1, 2, 1\] has no 2/);
  await expectSameInRuntime(model);
});

test('repeats every type', () => {
  expect(plain(ops.repeat(m, 2, 0))).toEqual([
    [1, 2, 3],
    [1, 2, 3],
    [4, 5, 6],
    [4, 5, 6],
  ]);
  expect(plain(ops.repeat(tensor(Int32Array.of(1, 2)), 2))).toEqual([1, 1, 2, 2]);
  expect(plain(ops.repeat(tensor([true, false]), 2))).toEqual([true, true, false, false]);
});

test('random numbers are drawn in an exported model too', async () => {
  class Sampling extends Layer {
    static override readonly className = 'Sampling';
    override call(mean: SymbolicTensor): SymbolicTensor {
      const wide = ops.randomUniform(mean, { shape: [null, 1000], minval: 2, maxval: 4 });
      return ops.concat([ops.add(mean, ops.randomNormal(mean)), wide]);
    }
  }
  const x = input([1000]);
  const bytes = await new Model({ inputs: x, outputs: new Sampling()(x) as SymbolicTensor }).export();
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const run = async (): Promise<Float32Array> => {
    const zeros = new OrtTensor('float32', new Float32Array(20_000), [20, 1000]);
    const found = await session.run({ [session.inputNames[0] as string]: zeros });
    return found[session.outputNames[0] as string]?.data as Float32Array;
  };
  const [drawn, again] = [await run(), await run()];
  expect(drawn).not.toEqual(again);
  const moments = (from: number): [mean: number, variance: number] => {
    const own = drawn.filter((_, i) => Math.floor(i / 1000) % 2 === from);
    const mean = own.reduce((a, b) => a + b, 0) / own.length;
    return [mean, own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / own.length];
  };
  // Ten standard errors and more.
  const [normal, uniform] = [moments(0), moments(1)];
  expect(Math.abs(normal[0])).toBeLessThan(0.1);
  expect(Math.abs(normal[1] - 1)).toBeLessThan(0.1);
  expect(Math.abs(uniform[0] - 3)).toBeLessThan(0.1);
  expect(Math.abs(uniform[1] - 1 / 3)).toBeLessThan(0.05);
  await session.release();
});

test('pieces without elements have no part in a gradient', () => {
  const total = (...parts: SymbolicTensor[]) =>
    parts.map((of) => ops.sum(ops.square(of))).reduce((a, b) => ops.add(a, b));
  const slope = (fn: (x: SymbolicTensor) => SymbolicTensor) => plain(ops.valueAndGrad(fn)(v)[1][0]);
  expect(slope((x) => total(...ops.split(x, [3])))).toEqual([2, 4, 6]);
  expect(slope((x) => total(x, ops.slice(x, 3, 0)))).toEqual([2, 4, 6]);
  expect(slope((x) => total(x, ops.concat([ops.slice(x, 0, 0), x])))).toEqual([4, 8, 12]);
  expect(slope((x) => total(x, ops.gather(x, tensor(new Int32Array(0)))))).toEqual([2, 4, 6]);
  const rows = ops.valueAndGrad((x: SymbolicTensor) => total(x, ops.slice(x, { start: 3, axis: 1 })));
  expect(plain(rows(m)[1][0])).toEqual([
    [2, 4, 6],
    [8, 10, 12],
  ]);
});

test('lists that are no more than a length are refused at once', () => {
  const long = new Array(2 ** 32 - 1) as number[];
  for (const of of [ops.expandDims, ops.squeeze, ops.flip])
    expectFailure(() => of(m, long), 'ERR_ARGUMENT', /axis/);
  expectFailure(() => ops.split(m, long), 'ERR_ARGUMENT', /parts/);
  expectFailure(() => ops.tile(m, long), 'ERR_ARGUMENT', /repeats/);
  expectFailure(() => layers.prelu({ sharedAxes: long }), 'ERR_ARGUMENT', /sharedAxes/);
  expectFailure(() => layers.rescaling(long), 'ERR_ARGUMENT', /scale/);
  expectFailure(() => layers.einsumDense('ab,bc->ac', long), 'ERR_ARGUMENT', /outputShape/);
});

test('of no elements none is true and all are, and the mean of no steps is 0', () => {
  const none = tensor(new Float32Array(0), { shape: [2, 0] });
  expect([plain(ops.any(none, { axis: 1 })), plain(ops.all(none, { axis: 1 }))]).toEqual([
    [false, false],
    [true, true],
  ]);
  const steps = tensor(new Float32Array(0), { shape: [1, 0, 2] });
  expect(plain(layers.globalAveragePooling1d()(steps))).toEqual([[0, 0]]);
});

test('rescales integers by lists', () => {
  const of = layers.rescaling([0.5, 2], { offset: [1, 0] });
  expect(plain(of(tensor(Int32Array.of(2, 3), { shape: [1, 2] })))).toEqual([[2, 6]]);
});
