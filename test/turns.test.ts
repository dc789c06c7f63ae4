/**
 * Large data is converted, checked and copied in turns; small data before the verb returns.
 */
import {
  input,
  layers,
  Model,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { turnsOf } from './support/turns.js';

const FEATURES = 20;
const ROWS = 100_000;

/** Turns of the event loop until `work` rejects, which it must. */
const turnsUntilRejected = (work: () => Promise<unknown>): Promise<number> =>
  turnsOf(() => expect(work()).rejects.toThrow());

const bytes = ({ data }: Tensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);

const classifier = (): Sequential =>
  new Sequential([input([FEATURES]), layers.dense(1, { activation: 'sigmoid' })]).compile({
    loss: 'binaryCrossentropy',
  });

describe('others have their turn while', () => {
  const rows = Array.from({ length: ROWS }, (_, i) =>
    Array.from({ length: FEATURES }, (_, j) => (i * j) % 7),
  );
  // What is wrong stands at the very end, so that everything is looked at.
  const wrong = [...rows, Array.from({ length: FEATURES }, () => '1')] as unknown as number[][];
  const labels = rows.map((_, i) => i % 2);
  const fits: Record<string, () => Promise<unknown>> = {
    'fit converts rows': () => classifier().fit(wrong, [...labels, 1], { verbose: 0 }),
    'fit converts validation rows': () =>
      classifier().fit(rows, labels, { verbose: 0, validationData: [wrong, [...labels, 1]] }),
    'evaluate converts rows': () => classifier().evaluate(wrong, [...labels, 1]),
    'predict converts rows': () => classifier().predict(wrong),
  };
  test.each(Object.entries(fits))('%s', async (_, work) => {
    expect(await turnsUntilRejected(work)).toBeGreaterThan(2);
  });
  test('fit makes sample weights of class weights', async () => {
    const many = Float64Array.from({ length: 3_000_000 }, (_, i) => i % 2);
    const model = new Sequential([input([1]), layers.dense(1, { activation: 'sigmoid' })]);
    model.compile({ loss: 'binaryCrossentropy' });
    const last = many.map((c, i) => (i === many.length - 1 ? 0.5 : c));
    const turns = await turnsUntilRejected(() =>
      model.fit(many, last, { verbose: 0, classWeight: { 0: 1, 1: 2 } }),
    );
    expect(turns).toBeGreaterThan(2);
  });
});

test('what is small may be changed as soon as the verb returned its promise', async () => {
  const model = new Sequential([input([2]), layers.dense(1, { kernelInitializer: 'ones' })]);
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  const row = [1, 2];
  const predicted = model.predict([row]);
  row[0] = 100;
  expect((await predicted).toArray()).toEqual([[3]]);
  const x = new Float32Array([1, 2]);
  const measured = model.evaluate(tensor(x, { shape: [1, 2] }), [[5]]);
  x[0] = 100;
  expect((await measured).loss).toBeCloseTo(4);
});

describe('predict of many rows, in pieces', () => {
  const [count, width] = [70_000, 20];
  const many = tensor(
    Float32Array.from({ length: count * width }, (_, i) => Math.sin(i)),
    { shape: [count, width] },
  );

  /** The same model for the same seed, random when it predicts too. */
  function net(outputs: (x: SymbolicTensor) => SymbolicTensor[]): Model {
    setRandomSeed(5);
    const x = input([width]);
    return new Model({ inputs: x, outputs: outputs(layers.dense(7, { activation: 'tanh' })(x)) });
  }
  test.each<[string, (x: SymbolicTensor) => SymbolicTensor[]]>([
    ['one output', (x) => [layers.dense(3)(x)]],
    ['outputs of several widths and ranks', (x) => [x, layers.reshape([7, 1])(x), layers.dense(1)(x)]],
    ['random numbers', (x) => [layers.dropout(0.5)(x, { training: true })]],
    ['two rows for each', (x) => [ops.reshape(layers.dense(4)(x), [-1, 2])]],
  ])('%s: the same bits as at once', async (_, outputs) => {
    for (const batchSize of [32, 1000, count + 1]) {
      const options = { batchSize };
      const found = [await net(outputs).predict(many, options)].flat();
      const expected = [net(outputs).predictSync(many, options)].flat();
      expect(found.map((t) => t.shape)).toEqual(expected.map((t) => t.shape));
      found.forEach((t, i) => expect(Buffer.compare(bytes(t), bytes(expected[i] as Tensor))).toBe(0));
    }
  });
  test('a few at a time, many at once or one after the other: the same bits', async () => {
    const model = net((x) => [layers.dense(3)(x)]);
    const parts = Array.from({ length: 200 }, (_, i) => many.rows(i, i + 1));
    const expected = parts.map((part) => bytes(model.predictSync(part) as Tensor));
    const atOnce = await Promise.all(parts.map((part) => model.predict(part)));
    atOnce.forEach((t, i) => expect(bytes(t as Tensor)).toEqual(expected[i]));
    for (const [i, part] of parts.entries())
      expect(bytes((await model.predict(part)) as Tensor)).toEqual(expected[i]);
  });
  test('a chain of brief ones lets others have their turn', async () => {
    const model = net((x) => [layers.dense(3)(x)]);
    const row = many.rows(0, 1);
    let [turns, isOver] = [0, false];
    const turn = (): void => {
      turns++;
      if (!isOver) setImmediate(turn);
    };
    setImmediate(turn);
    for (let i = 0; i < 20_000; i++) await model.predict(row);
    isOver = true;
    expect(turns).toBeGreaterThan(5);
  });
  test('a NaN in the last of them rejects', async () => {
    const data = many.data.slice();
    data[data.length - 1] = Number.NaN;
    const rows = tensor(data, { shape: many.shape });
    await expect(net((x) => [x]).predict(rows)).rejects.toThrow(`x has NaN at [${count - 1}, ${width - 1}]`);
  });
});

test.each([
  ['a vector', [1, 2, 3], [3]],
  ['rows', [[1, 2], [3, 4]], [2, 2]], // biome-ignore format: as it is read
  ['rows of typed arrays', [new Float64Array([1, 2]), new Int8Array([3, 4])], [2, 2]],
  ['numbers that are objects to the engine', [Object.values({ a: 1, b: 2 }), [3, 4]], [2, 2]],
  ['columns of one', [[[1]], [[2]], [[3]]], [3, 1, 1]],
])('%s', (_, values, shape) => {
  const t = tensor(values as number[]);
  expect(t.shape).toEqual(shape);
  expect([...t.data]).toEqual(Array.from(t.data, (_, i) => i + 1));
});

test('a vector of several pieces, of numbers, typed and as booleans', () => {
  const size = 300_001;
  const numbers = Array.from({ length: size }, (_, i) => i % 1000);
  const expected = Float32Array.from(numbers);
  expect(tensor(numbers).data).toEqual(expected);
  expect(tensor(Float64Array.from(numbers)).data).toEqual(expected);
  expect(tensor([numbers, numbers]).data.subarray(size)).toEqual(expected);
  expect(tensor(BigInt64Array.from(numbers, BigInt), { dtype: 'int32' }).data).toEqual(
    Int32Array.from(numbers),
  );
  const flags = numbers.map((n) => n > 500);
  expect(tensor(flags).data).toEqual(Uint8Array.from(flags, Number));
  const wrong: unknown[] = [...numbers];
  wrong[200_000] = '7';
  expect(() => tensor(wrong as number[])).toThrow(/\[200000\].*'7'/);
  expect(() => tensor([0, wrong as number[]] as never)).toThrow(/ragged/);
  const holes = [1, 2, 3];
  delete holes[1];
  expect(() => tensor(holes)).toThrow(/numbers or booleans at \[1\]/);
});
