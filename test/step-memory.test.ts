/**
 * The memory of a training step in the summary: what is in it, and how it grows.
 */
import { input, layers, Model, Sequential, type SymbolicTensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';

/** MiB of variables and of values that a summary ends with. */
function told(model: Model, options: { batchSize: number; length?: number }): [number, number] {
  const line = model
    .summary({ print: false, ...options })
    .split('\n')
    .at(-1) as string;
  const found = /: ([\d.,]+) MiB of weights and optimizer state, ([\d.,]+) MiB of values and gradients$/.exec(
    line,
  );
  expect(line).toMatch(new RegExp(`^Memory of a training step on ${options.batchSize} rows`));
  return [1, 2].map((i) => Number(found?.[i]?.replace(',', ''))) as [number, number];
}

type Attend = (words: SymbolicTensor) => SymbolicTensor;
const causal: Attend = (x) => layers.multiHeadAttention(4, 16)(x, x, undefined, { useCausalMask: true });

/** A causal language model without an end to its sequences. */
function language(maskZero = false, attend: Attend = causal): Model {
  const tokens = input({ shape: [null], dtype: 'int32' });
  const words = layers.embedding(50, 64, { maskZero })(tokens) as SymbolicTensor;
  const seen = attend(words);
  const outputs = layers.dense(50)(layers.add()([words, seen as SymbolicTensor]));
  return new Model({ inputs: tokens, outputs }).compile({
    optimizer: 'adam',
    loss: 'sparseCategoricalCrossentropy',
  }) as Model;
}

describe('the memory of a training step', () => {
  test('counts weights, what the optimizer keeps, and values', () => {
    const model = new Sequential([input([1024]), layers.dense(1024, { useBias: false })]);
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const [weights, values] = told(model, { batchSize: 64 });
    expect(weights).toBeCloseTo(4, 1);
    expect(values).toBeGreaterThanOrEqual(0.5);
    model.compile({ optimizer: 'adam', loss: 'mse' });
    expect(told(model, { batchSize: 64 })[0]).toBeCloseTo(12, 1);
    expect(told(model, { batchSize: 640 })[1]).toBeGreaterThan(2 * values);
  });
  const grouped = layers.groupQueryAttention(16, 4, 2, { dropout: 0.1 });
  test.each<[string, Model]>([
    ['attention included', language()],
    ['masks of padded tokens too', language(true)],
    ['masks and dropout of groups', language(true, (x) => grouped(x, x))],
    ['inner products with masks', language(true, (x) => layers.attention({ useScale: true })([x, x]))],
  ])('grows linearly with the length, %s', (_, model) => {
    const [, one] = told(model, { batchSize: 16, length: 1024 });
    const [, two] = told(model, { batchSize: 16, length: 2048 });
    const [, four] = told(model, { batchSize: 16, length: 4096 });
    expect((four - two) / (two - one)).toBeCloseTo(2, 1);
    // The scores of all pairs alone would take 16 · 4 · 4096² words.
    expect(four).toBeLessThan(1024);
  });
  test('needs a compiled model and known sizes', () => {
    expect(() => language().summary({ print: false, batchSize: 4 })).toThrow(/length must be given/);
    expect(() => language().summary({ print: false, length: 4 })).toThrow(/batchSize must be given/);
    const plain = new Sequential([input([4]), layers.dense(2)]);
    expect(() => plain.summary({ print: false, batchSize: 4 })).toThrow(/must be compiled first/);
  });
});
