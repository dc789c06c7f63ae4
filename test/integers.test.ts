/**
 * Ops on int32: what stays whole, what becomes float32, numbers that int32 does not hold, and indices.
 */
import { input, layers, Model, ops, type Tensor, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectSameInRuntime } from './support/onnx.js';
import { expectFailure } from './support/small.js';

const int = (values: Parameters<typeof tensor>[0]): Tensor<'int32'> => tensor(values, { dtype: 'int32' });

const t = int([
  [3, -7, 0],
  [-2, 5, 5],
]);

describe('whole numbers stay whole', () => {
  // Neither float32 nor a sum of them holds it exactly.
  const large = int([2 ** 24 + 1, -(2 ** 24 + 3)]);
  test.each<[name: string, result: () => Tensor, expected: unknown]>([
    [
      'neg',
      () => ops.neg(t),
      [
        [-3, 7, 0],
        [2, -5, -5],
      ],
    ],
    [
      'abs',
      () => ops.abs(t),
      [
        [3, 7, 0],
        [2, 5, 5],
      ],
    ],
    [
      'sign',
      () => ops.sign(t),
      [
        [1, -1, 0],
        [-1, 1, 1],
      ],
    ],
    [
      'square',
      () => ops.square(t),
      [
        [9, 49, 0],
        [4, 25, 25],
      ],
    ],
    ['neg, large', () => ops.neg(large), [-(2 ** 24 + 1), 2 ** 24 + 3]],
    ['abs, large', () => ops.abs(large), [2 ** 24 + 1, 2 ** 24 + 3]],
    ['square, large', () => ops.square(int([46340])), [46340 ** 2]],
    ['sum', () => ops.sum(t), 4],
    ['sum over rows', () => ops.sum(t, { axis: 0 }), [1, -2, 5]],
    ['sum over columns', () => ops.sum(t, { axis: -1 }), [-4, 8]],
    ['sum over both', () => ops.sum(t, { axis: [0, 1], keepdims: true }), [[4]]],
    ['sum, large', () => ops.sum(int([2 ** 24, 1, 1, 1])), 2 ** 24 + 3],
    ['max', () => ops.max(t), 5],
    ['max over rows', () => ops.max(t, { axis: 0, keepdims: true }), [[3, 5, 5]]],
    ['max over columns', () => ops.max(t, { axis: 1 }), [3, 5]],
    ['max, large', () => ops.max(int([-(2 ** 31), -(2 ** 31) + 1])), -(2 ** 31) + 1],
    ['min', () => ops.min(t), -7],
    ['min over rows', () => ops.min(t, { axis: 0 }), [-2, -7, 0]],
    ['min over columns', () => ops.min(t, { axis: -1, keepdims: true }), [[-7], [-2]]],
    ['min, large', () => ops.min(int([2 ** 31 - 1, 2 ** 31 - 2])), 2 ** 31 - 2],
    ['argMax', () => ops.argMax(t), [0, 1]],
    ['argMax over rows', () => ops.argMax(t, 0), [0, 1, 1]],
    ['argMax, large', () => ops.argMax(int([2 ** 24, 2 ** 24 + 1])), 1],
  ])('%s', (_, result, expected) => {
    const found = result();
    expect(found.dtype).toBe('int32');
    expect(found.toArray()).toEqual(expected);
  });

  test.each<[name: string, result: () => Tensor, expected: unknown]>([
    ['mean', () => ops.mean(int([1, 2])), 1.5],
    ['mean over rows', () => ops.mean(t, { axis: 0 }), [0.5, -1, 2.5]],
    [
      'mean over columns',
      () =>
        ops.mean(
          int([
            [1, 2],
            [4, 5],
          ]),
          { axis: 1, keepdims: true },
        ),
      [[1.5], [4.5]],
    ],
  ])('but a %s is float32', (_, result, expected) => {
    const found = result();
    expect(found.dtype).toBe('float32');
    expect(found.toArray()).toEqual(expected);
  });
});

describe('a number beyond int32', () => {
  const extremes = int([-(2 ** 31), 0, 2 ** 31 - 1]);
  test.each<[name: string, result: () => Tensor, expected: boolean]>([
    ['less than 3e10', () => ops.less(extremes, 3e10), true],
    ['less than or equal to 3e10', () => ops.lessEqual(extremes, 3e10), true],
    ['greater than 3e10', () => ops.greater(extremes, 3e10), false],
    ['greater than or equal to 3e10', () => ops.greaterEqual(extremes, 3e10), false],
    ['less than -3e10', () => ops.less(extremes, -3e10), false],
    ['less than or equal to -3e10', () => ops.lessEqual(extremes, -3e10), false],
    ['greater than -3e10', () => ops.greater(extremes, -3e10), true],
    ['greater than or equal to -3e10', () => ops.greaterEqual(extremes, -3e10), true],
    ['equal to 3e10', () => ops.equal(extremes, 3e10), false],
    ['not equal to 3e10', () => ops.notEqual(extremes, 3e10), true],
    // The nearest that float32 makes of the largest int32.
    ['less than 2^31', () => ops.less(extremes, 2 ** 31), true],
    ['equal to 2^31', () => ops.equal(extremes, 2 ** 31), false],
    ['beyond on the left', () => ops.greater(3e10, extremes), true],
    ['equal on the left', () => ops.equal(-3e10, extremes), false],
    ['beyond float32 too', () => ops.less(extremes, 1e300), true],
    ['equal to NaN', () => ops.equal(extremes, Number.NaN), false],
  ])('every int32 is or is not: %s', (_, result, expected) => {
    expect(result().toArray()).toEqual([expected, expected, expected]);
  });

  test('makes float32 of a sum', () => {
    const sum = ops.add(t, 3e10);
    expect([sum.dtype, ...sum.data]).toEqual(['float32', ...Array(6).fill(Math.fround(3e10))]);
    const product = ops.mul(-(2 ** 31), int([2]));
    expect([product.dtype, ops.mul(int([2]), 2 ** 31).item()]).toEqual(['int32', 2 ** 32]);
  });
});

describe('gather', () => {
  const rows = tensor([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);

  test('counts negative indices from the end', () => {
    expect(ops.gather(rows, int([-1, 0, -3])).toArray()).toEqual([
      [5, 6],
      [1, 2],
      [1, 2],
    ]);
    expect(ops.gather(rows, int([-1, 0]), 1).toArray()).toEqual([
      [2, 1],
      [4, 3],
      [6, 5],
    ]);
    const whole = ops.gather(int([7, 8, 9]), int([[-2]]));
    expect([whole.dtype, whole.toArray()]).toEqual(['int32', [[8]]]);
  });

  test.each([3, -4, 2 ** 31 - 1, -(2 ** 31)])('refuses index %i of 3 at once', async (index) => {
    await expectFailure(() => ops.gather(rows, int([0, index])), 'ERR_ARGUMENT', new RegExp(`${index}`));
    await expectFailure(() => ops.gather(rows, int([0, index]), -1), 'ERR_ARGUMENT', new RegExp(`${index}`));
  });

  test.each([3, -4])('refuses index %i of 3 inside of programs', async (index) => {
    const ids = input([2], { dtype: 'int32' });
    const looked = ops.gather(rows, ids as never) as unknown as typeof ids;
    const outputs = layers.dense(1)(layers.flatten()(looked));
    const model = new Model({ inputs: ids, outputs }).compile({ optimizer: 'sgd', loss: 'mse' });
    const [bad, good, y] = [
      int([
        [0, 1],
        [2, index],
      ]),
      int([
        [0, 1],
        [2, -3],
      ]),
      [1, 2],
    ];
    const before = model.predictSync(good).data;
    for (const run of [
      () => model.predict(bad),
      () => model.predictSync(bad),
      () => model.evaluate(bad, y),
      () => model.fit(bad, y),
      () => model.trainOnBatch(bad, y),
      () => model.fit(good, y, { validationData: [bad, y], epochs: 1 }),
    ])
      await expectFailure(run, 'ERR_ARGUMENT', new RegExp(`${index}`));
    expect(before.every(Number.isFinite)).toBe(true);
    expect((await model.fit(good, y)).history.loss.every(Number.isFinite)).toBe(true);
    expect(model.predictSync(good).data.every(Number.isFinite)).toBe(true);
  });
});

describe('an exported model of int32', () => {
  test.each<[name: string, of: (x: ReturnType<typeof input>) => unknown]>([
    ['max', (x) => ops.max(x, { axis: 1 })],
    ['min', (x) => ops.min(x, { axis: -1, keepdims: true })],
    ['sum', (x) => ops.sum(x, { axis: [1, 2] })],
    ['mean', (x) => ops.mean(x, { axis: 1 })],
    ['argMax', (x) => ops.argMax(x)],
    ['neg', (x) => ops.neg(x)],
    ['abs', (x) => ops.abs(ops.neg(x))],
    ['sign', (x) => ops.sign(ops.sub(x, 1))],
    ['square', (x) => ops.square(x)],
  ])('%s', async (_, of) => {
    const x = input([3, 4], { dtype: 'int32' });
    await expectSameInRuntime(new Model({ inputs: x, outputs: of(x) as typeof x }));
  });
});

test('whole numbers in order, those that float32 does not tell apart among them', async () => {
  const large = Int32Array.of(16777217, 16777216, -5, 2147483647, -2147483648, 16777218);
  const x = tensor(large);
  expect([...ops.sort(x).data]).toEqual([...large].sort((a, b) => a - b));
  expect([...ops.argSort(x, { descending: true }).data]).toEqual([3, 5, 0, 1, 2, 4]);
  const sorted = input({ shape: [6], dtype: 'int32' });
  const model = new Model({ inputs: sorted, outputs: ops.cast(ops.sort(sorted), 'float32') });
  await expectSameInRuntime(model as never);
  const [values, at] = ops.topK(x, 2) as unknown as [Tensor, Tensor];
  expect([[...values.data], [...at.data]]).toEqual([
    [2147483647, 16777218],
    [3, 5],
  ]);
});
