/**
 * What is adapted to data: in turns where there is much of it, done at once where there is little, exact far from zero.
 */
import { layers, preprocessing, Sequential, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';
import { turnsOf } from './support/turns.js';

const many = 1_000_000;

describe('much data', () => {
  test('a normalization lets others have their turn, and is exact where the mean is far', async () => {
    const x = Float32Array.from(
      { length: 3 * many },
      (_, i) => 4096 + (i % 3) + ((i / 3) % 2 < 1 ? 0.5 : -0.5),
    );
    const layer = layers.normalization();
    expect(await turnsOf(() => layer.adapt(tensor(x, { shape: [many, 3] })))).toBeGreaterThan(2);
    const [mean, variance] = layer.getWeights();
    expect(mean?.toArray()).toEqual([4096, 4097, 4098]);
    expect(variance?.toArray()).toEqual([0.25, 0.25, 0.25]);
  });
  test('samples larger than a slice', async () => {
    const layer = layers.normalization({ axis: [1, 2] });
    const x = Float32Array.from({ length: 4 * 300_000 }, (_, i) => Math.floor(i / 300_000));
    await layer.adapt(tensor(x, { shape: [4, 3, 100_000] }));
    const [mean, variance] = layer.getWeights();
    expect(new Set(mean?.data)).toEqual(new Set([1.5]));
    expect(new Set(variance?.data)).toEqual(new Set([1.25]));
  });
  test('a lookup of numbers', async () => {
    const layer = layers.integerLookup();
    const tokens = Int32Array.from({ length: many }, (_, i) => Math.floor(Math.sqrt(i)));
    expect(await turnsOf(() => layer.adapt(tensor(tokens)))).toBeGreaterThan(2);
    // n occurs 2n + 1 times.
    expect(layer.vocabulary).toEqual(Array.from({ length: 1000 }, (_, i) => 999 - i));
  });
  test('a lookup of strings', async () => {
    const lookup = preprocessing.stringLookup();
    const tokens = Array.from({ length: 300_000 }, (_, i) => `token ${i % 100_003}`);
    expect(await turnsOf(() => lookup.adapt(tokens))).toBeGreaterThan(2);
    const thrice = 300_000 - 2 * 100_003;
    const byText = (a: string, b: string): number => (a < b ? 1 : -1);
    const all = tokens.slice(0, 100_003);
    const expected = [...all.slice(0, thrice).sort(byText), ...all.slice(thrice).sort(byText)];
    expect(lookup.vocabulary).toEqual(expected);
  });
  test('a layer that is being adapted is not called', async () => {
    const layer = layers.normalization();
    const adapted = layer.adapt(tensor(new Float32Array(3 * many).fill(1), { shape: [many, 3] }));
    const made = (): Sequential => new Sequential([layers.input([3]), layer]);
    await expectFailure(made, 'ERR_BUSY', /is being adapted: await that/);
    await adapted;
    const model = made();
    expect((await model.predict([[1, 1, 1]])).toArray()).toEqual([[0, 0, 0]]);
  });
});

test('little data is adapted to when the call returns', () => {
  const layer = layers.normalization();
  void layer.adapt([[1], [3]]);
  expect(layer(tensor([[5]])).toArray()).toEqual([[3]]);
});

test('what is wrong with data is told by a rejection', async () => {
  const promise = layers.normalization().adapt([[1, Number.POSITIVE_INFINITY]]);
  await expect(promise).rejects.toMatchObject({ code: 'ERR_NON_FINITE' });
});
