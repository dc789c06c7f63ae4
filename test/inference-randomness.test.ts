/**
 * Random numbers of inference: `{ training: true }` draws anew for every batch and call, the same for the same seed.
 */
import { input, layers, Model, ops, optimizers, type SymbolicTensor, setRandomSeed, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';

// A row of eight powers of two for each batch: a sum of what is left tells what was dropped.
const powers = Float32Array.from({ length: 16 }, (_, i) => 2 ** i);
const x = tensor(powers, { shape: [2, 8] });
const y = [0, 0];

/** Drops half of its input, in inference too. */
function dropping(seed = 5): Model {
  setRandomSeed(seed);
  const at = input([8]);
  const same = layers.dense(8, { kernelInitializer: 'identity', useBias: false })(at);
  const outputs = layers.dropout(0.5)(same, { training: true });
  return new Model({ inputs: at, outputs }).compile({
    optimizer: optimizers.sgd({ learningRate: 0 }),
    loss: (_: SymbolicTensor, predicted: SymbolicTensor) => ops.mean(predicted, { axis: -1 }),
  });
}

/** The elements that are left, as bits of a number: eight for each row. */
const left = (of: { data: ArrayLike<number> }): number =>
  Array.from(of.data).reduce((sum, value) => sum + value / 2, 0);

const batchSize = 1;
const calls: [name: string, call: (model: Model) => Promise<number>][] = [
  ['predict', async (model) => left(await model.predict(x, { batchSize }))],
  ['predictSync', async (model) => left(model.predictSync(x, { batchSize }))],
  // The mean over two rows of eight, each element doubled.
  ['evaluate', async (model) => (await model.evaluate(x, y, { batchSize })).loss * 8],
];

describe.each(calls)('%s', (_, call) => {
  test('draws anew for each batch and each call', async () => {
    const model = dropping();
    const drawn: number[] = [];
    for (let i = 0; i < 4; i++) drawn.push(await call(model));
    const rows = drawn.flatMap((bits) => [bits & 255, bits >> 8]);
    expect(drawn.every((bits) => Number.isInteger(bits) && bits >= 0 && bits < 2 ** 16)).toBe(true);
    expect(new Set(rows).size).toBe(8);
  });

  test('draws the same for the same seed, construction and calls', async () => {
    const [a, b, other] = [dropping(), dropping(), dropping(6)];
    const drawn: number[][] = [[], [], []];
    for (let i = 0; i < 3; i++) {
      for (const [of, model] of [a, b, other].entries()) drawn[of]?.push(await call(model));
    }
    expect(drawn[1]).toEqual(drawn[0]);
    expect(drawn[2]).not.toEqual(drawn[0]);
  });

  test('draws the same whether or not the model was trained between', async () => {
    const [a, b] = [dropping(), dropping()];
    const expected = [await call(a), await call(a), await call(a)];
    const drawn = [await call(b)];
    await b.trainOnBatch(x, y);
    drawn.push(await call(b));
    await b.fit(x, y, { epochs: 3 });
    drawn.push(await call(b));
    expect(drawn).toEqual(expected);
  });
});

test('rows of one batch differ too', async () => {
  const bits = left(await dropping().predict(x));
  expect(bits & 255).not.toBe(bits >> 8);
});

test('calls at once draw as one after the other', async () => {
  const [a, b] = [dropping(), dropping()];
  const once = await Promise.all(Array.from({ length: 4 }, () => a.predict(x)));
  for (const drawn of once) expect(left(drawn)).toBe(left(await b.predict(x)));
});

test('without it, nothing is dropped', async () => {
  const at = input([8]);
  const model = new Model({ inputs: at, outputs: layers.dropout(0.5)(at) });
  expect(model.predictSync(x).data).toEqual(powers);
});
