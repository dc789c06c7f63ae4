/**
 * Stateful layers: a sequence in pieces, one a batch, is a sequence; in every verb, in files, and nowhere else by accident.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  Layer,
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, it } from 'vitest';
import './support/allclose.js';
import { runtimeOutputs } from './support/onnx.js';

type Options = layers.LSTMOptions & layers.GRUOptions;
const KINDS: Record<string, (options: Options) => layers.Layer> = {
  lstm: (options) => layers.lstm(3, options),
  gru: (options) => layers.gru(3, options),
  simpleRnn: (options) => layers.simpleRnn(3, options),
  'rnn of two cells': (options) => layers.rnn([layers.lstmCell(4), layers.gruCell(3)], options),
};
const [B, T, F] = [2, 4, 5];
const values = (rows: number, time: number, seed = 1): number[][][] =>
  Array.from({ length: rows }, (_, r) =>
    Array.from({ length: time }, (_, t) =>
      Array.from({ length: F }, (_, f) => Math.sin(seed + 7 * r + 3 * t + f)),
    ),
  );
/** Two batches of `B` rows: the first and the second half of sequences twice as long. */
const whole = values(B, 2 * T);
const halves = [...whole.map((row) => row.slice(0, T)), ...whole.map((row) => row.slice(T))];

function pair(make: (options: Options) => layers.Layer, options: Options = {}): [Model, Model] {
  // With some weights a state forgets what it began with, to the last bit.
  setRandomSeed(1);
  const stateful = new Sequential([input([T, F], { batchSize: B }), make({ ...options, stateful: true })]);
  const plain = new Sequential([input([null, F]), make(options)]);
  plain.setWeights(stateful.getWeights());
  return [stateful, plain];
}

describe.each(Object.entries(KINDS))('%s', (_, make) => {
  it('goes on in predict, predictSync and calls', async () => {
    const [stateful, plain] = pair(make, { returnSequences: true });
    const expected = (await plain.predict(whole)).toArray() as number[][][];
    const wanted = tensor([
      ...expected.map((row) => row.slice(0, T)),
      ...expected.map((row) => row.slice(T)),
    ]);
    expect(await stateful.predict(halves)).toBeAllclose(wanted);
    stateful.resetState();
    expect(stateful.predictSync(halves)).toBeAllclose(wanted);
    stateful.resetState();
    const parts = [halves.slice(0, B), halves.slice(B)].map((half) => stateful(tensor(half)) as never);
    expect(ops.concat(parts, 0)).toBeAllclose(wanted);
  });
  it('goes on in evaluate, and in training', async () => {
    const [stateful, plain] = pair(make);
    const y = Array.from({ length: 2 * B }, (_, i) => [i, 1, -i]);
    for (const model of [stateful, plain])
      model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'mse' });
    const ends = [
      ...(await plain.predict(halves.slice(0, B))).toArray<number[][]>(),
      ...(await plain.predict(whole)).toArray<number[][]>(),
    ];
    const loss = ends.flat().reduce((sum, x, i) => sum + (x - (y.flat()[i] as number)) ** 2, 0) / (6 * B);
    expect((await stateful.evaluate(halves, y)).loss).toBeCloseTo(loss, 5);
    stateful.resetState();
    const { history } = await stateful.fit(halves, y, { shuffle: false, verbose: 0 });
    expect(history.loss[0]).toBeCloseTo(loss, 5);
    const last = stateful.variables.find(({ isCarried }) => isCarried)?.read();
    await stateful.evaluate(halves, y);
    expect(stateful.variables.find(({ isCarried }) => isCarried)?.read().data).not.toEqual(last?.data);
  });
  it('is saved with its states, and exported with them as inputs and outputs', async () => {
    const [stateful] = pair(make);
    await stateful.predict(halves.slice(0, B));
    const path = join(await mkdtemp(join(tmpdir(), 'ridgeline-')), 'stateful.ridgeline');
    await stateful.save(path);
    const loaded = await loadModel(path);
    const bytes = await stateful.export();
    const states = stateful.variables.filter(({ isCarried }) => isCarried);
    const feeds = Object.fromEntries(states.map((weight) => [weight.path, weight.read()]));
    const expected = await stateful.predict(halves.slice(B));
    expect(await loaded.predict(halves.slice(B))).toBeAllclose(expected as never, {
      absolute: 0,
      relative: 0,
    });
    const found = await runtimeOutputs(bytes, { input: tensor(halves.slice(B)), ...feeds }, 'all');
    expect(Object.values(found)[0] as never).toBeAllclose(expected as never);
    for (const weight of states) expect(found[`${weight.path}_next`] as never).toBeAllclose(weight.read());
  });
});

it('goes both ways, each with its own states', async () => {
  const layer = layers.bidirectional(layers.gru(3, { stateful: true }));
  const model = new Sequential([input([T, F], { batchSize: B }), layer]);
  const first = await model.predict(halves.slice(0, B));
  expect((await model.predict(halves.slice(0, B))).data).not.toEqual(first.data);
  model.resetState();
  expect((await model.predict(halves.slice(0, B))).data).toEqual(first.data);
});

it('carries states of a layer of one’s own', async () => {
  class Count extends Layer {
    static override readonly className = 'Count';
    #seen!: ReturnType<Count['addWeight']>;
    override build(): void {
      this.#seen = this.addWeight('seen', { shape: [], carried: true });
    }
    override call(x: SymbolicTensor): SymbolicTensor {
      const seen = ops.add(this.#seen, ops.sum(x)) as SymbolicTensor;
      this.assign(this.#seen, seen);
      return ops.add(ops.mul(x, 0), seen);
    }
  }
  const model = new Sequential([input([1]), new Count()]);
  expect((await model.predict([[1], [2], [3]], { batchSize: 1 })).toArray()).toEqual([[1], [3], [6]]);
  expect((await model.predict([[4]])).toArray()).toEqual([[10]]);
});

it('predicts batch after batch where a table feeds a product', async () => {
  const tokens = tensor(Int32Array.from([1, 2, 0, 2, 1, 1, 3, 0, 0, 1, 1, 1]), { shape: [4, 3] });
  for (const stateful of [false, true]) {
    const model = new Sequential([
      input({ shape: [3], dtype: 'int32', batchSize: 2 }),
      layers.embedding(4, 2),
      layers.lstm(2, { stateful }),
    ]);
    const parts: Tensor[] = [];
    for (const from of [0, 2]) parts.push(await model.predict(tokens.rows(from, from + 2)));
    model.resetState();
    // The second time as a table of products.
    for (let i = 0; i < 3; i++) {
      const whole = await model.predict(tokens, { batchSize: 2 });
      expect([...whole.data]).toEqual(parts.flatMap(({ data }) => [...data]));
      model.resetState();
    }
  }
});

describe('errors', () => {
  const made = (): Model => pair(KINDS.lstm as never)[0];
  it('without a batch size', () => {
    expect(() => new Sequential([input([T, F]), layers.lstm(3, { stateful: true })])).toThrow(
      /'lstm'.* is stateful.*batchSize/,
    );
  });
  it('of other rows', async () => {
    const model = made();
    await expect(model.predict(halves.slice(1))).rejects.toThrow(
      /x must have shape \[2, 4, 5\], or rows for several/,
    );
    await expect(model.predict(halves, { batchSize: 4 })).rejects.toThrow(/batchSize must be 2/);
    expect(() => model.layers[0]?.invoke([tensor(halves.slice(1))])).toThrow(
      /stateful for batches of 2 rows, received 3/,
    );
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const y = halves.map(() => [0, 0, 0]);
    await expect(model.fit(halves, y, { batchSize: 3 })).rejects.toMatchObject({ code: 'ERR_ARGUMENT' });
    await expect(model.fit(halves, y, { validationSplit: 0.25 })).rejects.toThrow(/not whole batches of 2/);
    await expect(model.trainOnBatch(halves, y)).rejects.toMatchObject({ code: 'ERR_SHAPE' });
  });
  it('of inputs that disagree', () => {
    const [a, b] = [input([3], { batchSize: 2 }), input([3], { batchSize: 4 })];
    expect(() => new Model({ inputs: [a, b], outputs: [a, b] })).toThrow(/one batchSize/);
    expect(() => input([3], { batchSize: 0 })).toThrow(/batchSize/);
  });
  it('while something else moves the states', async () => {
    const model = made();
    model.compile({ optimizer: 'sgd', loss: 'mse' });
    const y = halves.map(() => [0, 0, 0]);
    const codes: unknown[] = [];
    const note = (error: { code?: unknown }): unknown => codes.push(error.code);
    const fit = model.fit(halves, y, {
      epochs: 3,
      verbose: 0,
      callbacks: [
        {
          async onEpochBegin() {
            await model.predict(halves).catch(note);
            await model.evaluate(halves, y).catch(note);
            try {
              model.predictSync(halves);
            } catch (error) {
              note(error as never);
            }
            model.resetState();
          },
        },
      ],
    });
    await fit;
    expect(codes).toEqual(Array(9).fill('ERR_BUSY'));
    const all = await Promise.allSettled([
      model.predict(halves),
      model.predict(halves),
      model.fit(halves, y),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  });
  it('while calls, or other models with the layer, would move them', async () => {
    const model = made();
    const layer = model.layers[0] as Layer;
    const other = new Sequential([input([T, F], { batchSize: B }), layer, layers.dense(1)]);
    const fit = (of: Model, callbacks: object[]): Promise<unknown> =>
      of.fit(
        halves,
        halves.map(() => [0, 0, 0]),
        { epochs: 2, shuffle: false, verbose: 0, callbacks },
      );
    const rows = tensor(halves.slice(0, B));
    const moves: (() => unknown)[] = [
      () => model.invoke([rows]),
      () => layer.invoke([rows]),
      () => other.predict(rows),
      () => other.predictSync(rows),
    ];
    const [undisturbed, disturbed] = [pair(KINDS.lstm as never)[0], model];
    for (const of of [undisturbed, disturbed]) of.compile({ optimizer: 'sgd', loss: 'mse' });
    const codes: unknown[] = [];
    await fit(undisturbed, []);
    await fit(disturbed, [
      {
        async onTrainBatchEnd() {
          for (const move of moves)
            await Promise.resolve()
              .then(move)
              .catch((error) => codes.push(error.code));
        },
      },
    ]);
    expect(codes).toEqual(Array(moves.length * 4).fill('ERR_BUSY'));
    expect(disturbed.getWeights()).toEqual(undisturbed.getWeights());
    // Nobody moves them any more.
    await other.predict(rows);
  });
});
