/**
 * Data of sequences: lists of different lengths as rows, windows of a series. The numbers are those of Keras'
 * `pad_sequences` and `timeseries_dataset_from_array`.
 */
import { input, layers, padSequences, Sequential, tensor, timeseriesDataset } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

describe('padSequences', () => {
  const lists = [[1], [2, 3], [4, 5, 6]];
  test.each([
    [
      {},
      [
        [0, 0, 1],
        [0, 2, 3],
        [4, 5, 6],
      ],
    ],
    [
      { padding: 'post' },
      [
        [1, 0, 0],
        [2, 3, 0],
        [4, 5, 6],
      ],
    ],
    [
      { maxlen: 2 },
      [
        [0, 1],
        [2, 3],
        [5, 6],
      ],
    ],
    [
      { maxlen: 2, truncating: 'post', value: -1 },
      [
        [-1, 1],
        [2, 3],
        [4, 5],
      ],
    ],
    [
      { maxlen: 4, padding: 'post', dtype: 'float32', value: 0.5 },
      [
        [1, 0.5, 0.5, 0.5],
        [2, 3, 0.5, 0.5],
        [4, 5, 6, 0.5],
      ],
    ],
  ] as const)('%o', (options, rows) => {
    // biome-ignore format: one case a line
    const padded = padSequences(lists, options);
    expect(padded.toArray()).toEqual(rows);
    expect(padded.dtype).toBe('dtype' in options ? options.dtype : 'int32');
  });
  test('of nothing, and of typed arrays', () => {
    expect(padSequences([]).shape).toEqual([0, 0]);
    expect(padSequences([[], []], { maxlen: 2 }).toArray()).toEqual([[0, 0], [0, 0]]); // biome-ignore format: short
    expect(padSequences([Int32Array.of(7)]).toArray()).toEqual([[7]]);
  });
  test('bad input', async () => {
    await expectFailure(() => padSequences([[0.5]]), 'ERR_ARGUMENT', /^sequences must be int32 numbers/);
    await expectFailure(() => padSequences([3] as never), 'ERR_ARGUMENT', /list of lists/);
    await expectFailure(() => padSequences([[1]], { value: 0.5 }), 'ERR_ARGUMENT', /^value/);
    await expectFailure(() => padSequences([[1]], { maxlen: 0 }), 'ERR_ARGUMENT', /^maxlen/);
  });
});

describe('timeseriesDataset', () => {
  const series = Array.from({ length: 10 }, (_, i) => i);
  const all = (windows: ReturnType<typeof timeseriesDataset>) =>
    [...windows()].map(({ x, y }) => [x.toArray(), y?.toArray()]);
  test('windows, strides, rates and targets', () => {
    expect(all(timeseriesDataset(series, series.slice(3), { sequenceLength: 3, batchSize: 3 }))).toEqual([
      [[[0, 1, 2], [1, 2, 3], [2, 3, 4]], [3, 4, 5]],
      [[[3, 4, 5], [4, 5, 6], [5, 6, 7]], [6, 7, 8]],
      [[[6, 7, 8]], [9]],
    ]); // biome-ignore format: as they are read
    const sparse = { sequenceLength: 3, sequenceStride: 3, samplingRate: 2 };
    expect(all(timeseriesDataset(series, null, sparse))).toEqual([[[[0, 2, 4], [3, 5, 7]], undefined]]); // biome-ignore format: as it is read
    const part = { sequenceLength: 2, startIndex: 4, endIndex: 8 };
    expect(all(timeseriesDataset(series, series, part))).toEqual([[[[4, 5], [5, 6], [6, 7]], [4, 5, 6]]]); // biome-ignore format: as it is read
  });
  test('another order in every epoch, the same for a seed', () => {
    const options = { sequenceLength: 2, shuffle: true, seed: 3, batchSize: 20 };
    const [a, b] = [timeseriesDataset(series, null, options), timeseriesDataset(series, null, options)];
    const first = all(a);
    expect(all(b)).toEqual(first);
    expect(all(a)).not.toEqual(first);
  });
  test('trains a recurrent net', async () => {
    const wave = Array.from({ length: 200 }, (_, i) => [Math.sin(i / 5)]);
    const windows = timeseriesDataset(wave, wave.slice(12), { sequenceLength: 12, batchSize: 32 });
    const model = new Sequential([input([12, 1]), layers.gru(8), layers.dense(1)]).compile({
      optimizer: { name: 'adam', learningRate: 0.02 } as never,
      loss: 'mse',
    });
    const { history } = await model.fit(windows, { epochs: 8, verbose: 0 });
    expect(history.loss.at(-1)).toBeLessThan((history.loss[0] as number) / 4);
  });
  test('bad input', async () => {
    const of = (options: object) => () => timeseriesDataset(series, null, options as never);
    await expectFailure(
      of({ sequenceLength: 11 }),
      'ERR_ARGUMENT',
      /^sequenceLength must be windows of at most/,
    );
    await expectFailure(of({}), 'ERR_ARGUMENT', /^sequenceLength/);
    await expectFailure(of({ sequenceLength: 2, endIndex: 11 }), 'ERR_ARGUMENT', /^endIndex/);
    expect(tensor(series).size).toBe(10);
  });
});

describe('padSequences of vectors', () => {
  test('fills up and cuts whole steps', () => {
    const series = [[[1, 2]], [Float32Array.of(3, 4), [5, 6], [7, 8]]];
    const padded = padSequences(series, { maxlen: 2, dtype: 'float32', value: -1 });
    expect(padded.toArray()).toEqual([
      [
        [-1, -1],
        [1, 2],
      ],
      [
        [5, 6],
        [7, 8],
      ],
    ]);
    expect(padSequences([[], [[[1], [2]]]], { padding: 'post' }).shape).toEqual([2, 1, 2, 1]);
  });
  test('steps of other sizes are refused', async () => {
    for (const [wrong, says] of [
      [[[[1, 2]], [[3]]], /^sequences must be steps of \[2\] numbers, received \[3\]/],
      [[[[1, 2]], [3]], /^sequences must be steps of \[2\] numbers, received 3/],
      [[[1], [[2]]], /^sequences must be int32 numbers/],
    ] as const)
      await expectFailure(() => padSequences(wrong as never), 'ERR_ARGUMENT', says);
  });
});
