/**
 * Categories and bins as vectors: values of Keras 3's layers.
 */
import { layers, type Tensor, tensor } from 'ridgeline';
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
