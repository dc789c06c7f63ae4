/**
 * Categories and bins as vectors: values of Keras 3's layers.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { input, layers, loadModel, Sequential, type Tensor, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

const values = (of: unknown): unknown => (of as Tensor).toArray();

// keras.layers.CategoryEncoding(num_tokens=4, output_mode=…)
describe('category encoding', () => {
  const tokens = tensor(Int32Array.of(0, 1, 1, 2, 3, 2), { shape: [2, 3] });
  test.each<[layers.CategoryEncodingOptions['outputMode'], unknown]>([
    [
      'multiHot',
      [
        [1, 1, 0, 0],
        [0, 0, 1, 1],
      ],
    ],
    [
      'count',
      [
        [1, 2, 0, 0],
        [0, 0, 2, 1],
      ],
    ],
    [
      'oneHot',
      [
        [
          [1, 0, 0, 0],
          [0, 1, 0, 0],
          [0, 1, 0, 0],
        ],
        [
          [0, 0, 1, 0],
          [0, 0, 0, 1],
          [0, 0, 1, 0],
        ],
      ],
    ],
  ])('%s', (outputMode, expected) => {
    expect(values(layers.categoryEncoding(4, { outputMode })(tokens))).toEqual(expected);
  });
  test('of a column, of floats, and of numbers that are no category', () => {
    const column = tensor([[3], [0], [9]]);
    expect(values(layers.categoryEncoding(4, { outputMode: 'oneHot' })(column))).toEqual([
      [0, 0, 0, 1],
      [1, 0, 0, 0],
      [0, 0, 0, 0],
    ]);
  });
  test('counts are weighted', async () => {
    const weights = tensor([
      [0.5, 1, 2],
      [1, 3, 4],
    ]);
    expect(values(layers.categoryEncoding(4, { outputMode: 'count' })(tokens, weights))).toEqual([
      [0.5, 3, 0, 0],
      [0, 0, 5, 3],
    ]);
    const count = layers.categoryEncoding(3, { outputMode: 'count' });
    const each = tensor([0.5, 0.25, 2]);
    expect(values(count(tensor(Int32Array.of(0, 1, 1)), each))).toEqual([
      [0.5, 0, 0],
      [0, 0.25, 0],
      [0, 2, 0],
    ]);
    await expectFailure(
      () => count(tokens, each),
      'ERR_SHAPE',
      /countWeights must have shape \[2, 3\], received \[3\]/,
    );
    await expectFailure(
      () => layers.categoryEncoding(4)(tokens, weights),
      'ERR_ARGUMENT',
      /countWeights must be left out/,
    );
  });
});

// keras.layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])
describe('discretization', () => {
  const x = tensor([
    [-1.5, 1, 3.4, 0.5],
    [0, 3, 1.3, 0],
  ]);
  test('bins begin with their boundary', () => {
    expect(values(layers.discretization([0, 1, 2])(x))).toEqual([
      [0, 2, 3, 1],
      [1, 3, 2, 1],
    ]);
  });
  test('as vectors', () => {
    expect(values(layers.discretization([0, 1, 2], { outputMode: 'count' })(x))).toEqual([
      [1, 1, 1, 1],
      [0, 2, 1, 1],
    ]);
    expect(values(layers.discretization([0, 1, 2], { outputMode: 'multiHot' })(x))).toEqual([
      [1, 1, 1, 1],
      [0, 1, 1, 1],
    ]);
  });
  test.each([[[]], [[1, 0]], [[0, 0]], [[Number.NaN]], ['0']])('boundaries %o are refused', async (given) => {
    await expectFailure(
      () => layers.discretization(given as never),
      'ERR_ARGUMENT',
      /^binBoundaries must be a list of numbers, ascending/,
    );
  });
});

// keras.layers.IntegerLookup(vocabulary=[12, 36, 1138, 42]), of TensorFlow 2.21
describe('integer lookup', () => {
  const vocabulary = [12, 36, 1138, 42];
  const x = tensor(Int32Array.of(12, 1138, 42, 42, 1000, -36), { shape: [2, 3] });
  const lookup = (options: layers.IntegerLookupOptions, of: Tensor = x) =>
    values(layers.integerLookup({ vocabulary, ...options })(of));
  const column = tensor(Int32Array.of(0, 7, 36), { shape: [3, 1] });

  test('indices', () => {
    expect(lookup({})).toEqual([
      [1, 3, 4],
      [4, 0, 0],
    ]);
    expect(lookup({ maskToken: 0 }, tensor(Int32Array.of(0, 12, 7)))).toEqual([0, 2, 1]);
    expect(lookup({ vocabulary: [5] }, tensor(Int32Array.of(4, 5, 6)))).toEqual([0, 1, 0]);
  });
  test.each([{}, { maskToken: 0 }])('vectors have no place for the mask: %o', (options) => {
    expect(lookup({ ...options, outputMode: 'multiHot' })).toEqual([
      [0, 1, 0, 1, 1],
      [1, 0, 0, 0, 1],
    ]);
    expect(lookup({ ...options, outputMode: 'count' })).toEqual([
      [0, 1, 0, 1, 1],
      [2, 0, 0, 0, 1],
    ]);
    expect(lookup({ ...options, outputMode: 'oneHot' }, column)).toEqual([
      'maskToken' in options ? [0, 0, 0, 0, 0] : [1, 0, 0, 0, 0],
      [1, 0, 0, 0, 0],
      [0, 0, 1, 0, 0],
    ]);
  });
  test('inverted', () => {
    expect(lookup({ invert: true }, tensor(Int32Array.of(0, 1, 4, 9, -3)))).toEqual([-1, 12, 42, -1, -1]);
    expect(lookup({ invert: true, maskToken: 0 }, tensor(Int32Array.of(0, 1, 2, 5)))).toEqual([
      0, -1, 12, 42,
    ]);
  });
  test('every token of a large vocabulary is found, and none beside it', () => {
    const many = Array.from({ length: 10_007 }, (_, i) => ((i * 7919) % 10_007) * 400_000 - 2_000_000_000);
    const far = [...many.filter((value) => value < 2 ** 31), 2 ** 31 - 1, -(2 ** 31)];
    const layer = layers.integerLookup({ vocabulary: far });
    expect(values(layer(tensor(Int32Array.from(far))))).toEqual(far.map((_, i) => i + 1));
    const beside = far.slice(0, -2).flatMap((value) => [value - 1, value + 1]);
    expect(new Set(values(layer(tensor(Int32Array.from(beside)))) as number[])).toEqual(new Set([0]));
  });
  test('a vocabulary of data: the frequent first, then the larger', async () => {
    const data = tensor(Int32Array.of(3, 3, 5, 5, 7, 9, 1, 1, 1), { shape: [3, 3] });
    const adapted = async (options: layers.IntegerLookupOptions) => {
      const layer = layers.integerLookup(options);
      await layer.adapt(data);
      return layer.vocabulary;
    };
    expect(await adapted({})).toEqual([1, 5, 3, 9, 7]);
    expect(await adapted({ maxTokens: 4 })).toEqual([1, 5, 3]);
    expect(await adapted({ maskToken: 9 })).toEqual([1, 5, 3, 7]);
  });
  test('an adapted vocabulary is saved with the model, and fixed once the layer was called', async () => {
    const layer = layers.integerLookup({ outputMode: 'multiHot' });
    await expectFailure(() => layer(x), 'ERR_ARGUMENT', /has no vocabulary yet/);
    await expectFailure(
      () => layer.adapt([0.5]),
      'ERR_ARGUMENT',
      /^data must be int32 numbers, received 0.5/,
    );
    await expectFailure(() => layer.adapt([]), 'ERR_SHAPE', /adapt expects tokens/);
    await layer.adapt(x);
    const model = new Sequential([input({ shape: [3], dtype: 'int32' }), layer, layers.dense(1)]);
    const file = join(mkdtempSync(join(tmpdir(), 'ridgeline-')), 'lookup');
    await model.save(file);
    const loaded = await loadModel(file);
    expect(values(await loaded.predict(x))).toEqual(values(await model.predict(x)));
    await expectFailure(() => layer.adapt(x), 'ERR_ARGUMENT', /was called before and cannot adapt/);
  });
  test.each<[layers.IntegerLookupOptions, RegExp]>([
    [{ vocabulary: [1, 1] }, /^vocabulary must be a list of different/],
    [{ vocabulary: [] }, /^vocabulary must be a list of different/],
    [{ vocabulary: [2 ** 31] }, /^vocabulary must be a list of different int32/],
    [{ vocabulary: [-1] }, /^vocabulary must be without maskToken and oovToken/],
    [{ vocabulary: [0], maskToken: 0 }, /^vocabulary must be without maskToken/],
    [{ vocabulary: [1, 2], maxTokens: 2 }, /^vocabulary must be at most 1 tokens/],
    [{ maxTokens: 1 }, /^maxTokens must be more than the 1/],
    [{ maskToken: -1 }, /^maskToken must be another than oovToken/],
    [{ invert: true, outputMode: 'count' }, /^outputMode must be 'int'/],
  ])('%o is refused', async (options, message) => {
    await expectFailure(() => layers.integerLookup(options), 'ERR_ARGUMENT', message);
  });
});
