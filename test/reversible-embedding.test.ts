/**
 * An embedding that goes both ways: values by its formula, gradients from both ways into one weight, files, ONNX.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  layers,
  loadModel,
  losses,
  Model,
  optimizers,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectSameInRuntime } from './support/onnx.js';
import { expectFailure, numbers } from './support/small.js';

const [words, size] = [5, 3];
const tokens = tensor(Int32Array.from([1, 0, 4, 2, 2, 3]), { shape: [2, 3] });
const vectors = numbers(2, 3 * size).reshape([2, 3, size]);

/** Rows of a matrix. */
const rows = (of: Tensor): number[][] => of.toArray() as number[][];
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);

describe('values', () => {
  test.each([true, false])('tieWeights %s', (tieWeights) => {
    const layer = layers.reversibleEmbedding(words, size, { tieWeights });
    const found = layer(tokens) as Tensor;
    const [table, back] = layer.getWeights() as [Tensor, Tensor?];
    expect(layer.weights.map(({ shape }) => shape)).toEqual(
      tieWeights
        ? [[words, size]]
        : [
            [words, size],
            [size, words],
          ],
    );
    expect(found.toArray()).toEqual(
      (tokens.toArray() as number[][]).map((row) => row.map((i) => rows(table)[i])),
    );
    const logits = layer(vectors, { reverse: true }) as Tensor;
    // One row for each word.
    const by = back
      ? Array.from({ length: words }, (_, i) => rows(back).map((row) => row[i] as number))
      : rows(table);
    for (const [b, steps] of (vectors.toArray() as number[][][]).entries())
      for (const [t, x] of steps.entries())
        for (const [i, word] of by.entries())
          expect((logits.toArray() as number[][][])[b]?.[t]?.[i]).toBeCloseTo(dot(x, word), 6);
  });

  test('logitSoftCap bends', () => {
    const layer = layers.reversibleEmbedding(words, size, { embeddingsInitializer: 'ones', logitSoftCap: 2 });
    const [y] = (layer(tensor([[1, 1, 1]]), { reverse: true }) as Tensor).toArray() as number[][];
    for (const logit of y as number[]) expect(logit).toBeCloseTo(2 * Math.tanh(1.5), 6);
  });
});

/** From tokens to logits, through the table twice. */
function languageModel(options: layers.ReversibleEmbeddingOptions = {}): Model {
  const ids = input({ shape: [null], dtype: 'int32' });
  const table = layers.reversibleEmbedding(words, size, options);
  const hidden = layers.dense(size, { activation: 'tanh' })(table(ids) as SymbolicTensor);
  return new Model({ inputs: ids, outputs: table(hidden as SymbolicTensor, { reverse: true }) });
}

test('a step follows the gradients of both ways', async () => {
  setRandomSeed(4);
  const model = languageModel({ embeddingsInitializer: 'glorotUniform' });
  const loss = losses.sparseCategoricalCrossentropy({ fromLogits: true });
  model.compile({ optimizer: optimizers.sgd({ learningRate: 1 }), loss });
  const [table, ...others] = model.getWeights() as [Tensor, ...Tensor[]];
  const before = Float32Array.from(rows(table).flat());
  const lossAt = async (place: number, by: number): Promise<number> => {
    const moved = before.map((x, i) => (i === place ? x + by : x));
    model.setWeights([tensor(moved, { shape: [words, size] }), ...others]);
    return (await model.evaluate(tokens, tokens)).loss as number;
  };
  const expected: number[] = [];
  for (const place of before.keys())
    expected.push(((await lossAt(place, 0.01)) - (await lossAt(place, -0.01))) / 0.02);
  model.setWeights([table, ...others]);
  await model.fit(tokens, tokens, { epochs: 1, batchSize: 2, verbose: 0 });
  const after = rows(model.getWeights()[0] as Tensor).flat();
  for (const [i, slope] of expected.entries())
    expect((before[i] as number) - (after[i] as number)).toBeCloseTo(slope, 3);
});

test('a mask goes on from indices, and not from logits', async () => {
  const ids = input({ shape: [null], dtype: 'int32' });
  const table = layers.reversibleEmbedding(words, size, { maskZero: true });
  const found = table(ids) as SymbolicTensor;
  const logits = table(layers.identity()(found) as SymbolicTensor, { reverse: true }) as SymbolicTensor;
  const mean = (of: SymbolicTensor) => layers.globalAveragePooling1d()(of) as SymbolicTensor;
  const model = new Model({ inputs: ids, outputs: [found, mean(found), logits, mean(logits)] });
  const [all, counted, every, even] = (await model.predict(tokens)) as unknown as Tensor[];
  const means = (of: Tensor, at: readonly number[]) => {
    const [steps] = of.toArray() as [number[][]];
    return (steps[0] as number[]).map(
      (_, i) => at.reduce((sum, t) => sum + (steps[t]?.[i] as number), 0) / at.length,
    );
  };
  // The second of three tokens of the first row is 0.
  for (const [i, x] of means(all as Tensor, [0, 2]).entries())
    expect(rows(counted as Tensor)[0]?.[i]).toBeCloseTo(x, 6);
  for (const [i, x] of means(every as Tensor, [0, 1, 2]).entries())
    expect(rows(even as Tensor)[0]?.[i]).toBeCloseTo(x, 6);
});

test.each([{}, { tieWeights: false, logitSoftCap: 3, maskZero: true }])(
  'files and ONNX, %o',
  async (options) => {
    const model = languageModel(options);
    const path = join(mkdtempSync(join(tmpdir(), 'ridgeline-')), 'model.ridgeline');
    await model.save(path);
    const loaded = (await loadModel(path)) as Model;
    expect(loaded.weights.length).toBe(model.weights.length);
    expect((await loaded.predict(tokens)).toArray()).toEqual((await model.predict(tokens)).toArray());
    await expectSameInRuntime(model, { batches: [1, 7], sizes: [5, 3] });
  },
);

test('what does not fit is refused', async () => {
  const layer = layers.reversibleEmbedding(words, size);
  await expectFailure(
    () => layer(tensor([[1, 2]]), { reverse: true }),
    'ERR_SHAPE',
    /expects vectors \[batch, …, 3\]/,
  );
  await expectFailure(
    () => layers.reversibleEmbedding(words, size, { logitSoftCap: 0 }),
    'ERR_ARGUMENT',
    /logitSoftCap/,
  );
  await expectFailure(() => layer(tokens, { reverse: 1 as never }), 'ERR_ARGUMENT', /reverse/);
});
