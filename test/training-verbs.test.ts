/**
 * Verbs and options beside plain `fit`: one batch at a time, whole batches in random order, no loss but what layers add,
 * class weights by position, layers taken away.
 */
import {
  callbacks,
  input,
  Layer,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectFailure } from './support/small.js';

const x = tensor(
  Float32Array.from({ length: 20 }, (_, i) => Math.sin(1 + i)),
  { shape: [10, 2] },
);
const y = Array.from({ length: 10 }, (_, i) => Math.cos(i));

const line = (): Sequential => new Sequential([input([2]), layers.dense(1)]);

describe('one batch', () => {
  test('is measured and predicted as it is, whatever its size', async () => {
    const model = line().compile({ loss: 'mse', metrics: ['mae'] });
    expect(await model.testOnBatch(x, y)).toEqual(await model.evaluate(x, y, { batchSize: 10 }));
    const sampleWeight = y.map((_, i) => i);
    const weighted = await model.testOnBatch(x, y, { sampleWeight });
    expect(weighted).toEqual(await model.evaluate(x, y, { batchSize: 10, sampleWeight }));
    expect((await model.predictOnBatch(x)).data).toEqual((await model.predict(x, { batchSize: 3 })).data);
  });
  test('has as many rows as the inputs say', async () => {
    const model = new Sequential([input([2], { batchSize: 5 }), layers.dense(1)]).compile({ loss: 'mse' });
    expect((await model.predictOnBatch(x)).shape).toEqual([10, 1]);
    expect(await model.testOnBatch(x, y)).toEqual(await model.evaluate(x, y));
  });
});

test("shuffle: 'batch' keeps the rows of a batch together and a smaller one last", async () => {
  setRandomSeed(1);
  const [size, batches] = [4, 6];
  const rows = Array.from({ length: size * batches - 1 }, (_, i) => [i]);
  // The loss of a batch tells which it is, if all its rows are of it.
  const labels = rows.map(([i]) => 10 ** Math.floor((i as number) / size / 2));
  const model = new Sequential([input([1]), layers.dense(1, { kernelInitializer: 'zeros' })]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'mae' });
  const orders: number[][] = [];
  const batchLosses = {
    onEpochBegin: () => void orders.push([]),
    onTrainBatchEnd: (batch: number, { loss }: { loss: number }) => {
      const order = orders.at(-1) as number[];
      // Logs are the mean of the epoch so far.
      const before = order.reduce((sum, one) => sum + one * size, 0);
      const rowsSoFar = Math.min((batch + 1) * size, rows.length);
      order.push(Math.round((loss * rowsSoFar - before) / (rowsSoFar - batch * size)));
    },
  };
  const options = { batchSize: size, epochs: 8, verbose: 0 as const, callbacks: [batchLosses] };
  await model.fit(rows, labels, { ...options, shuffle: 'batch' });
  for (const order of orders) {
    expect(order.at(-1)).toBe(100);
    expect([...order].sort((a, b) => a - b)).toEqual([1, 1, 10, 10, 100, 100]);
  }
  expect(new Set(orders.map((order) => order.join())).size).toBeGreaterThan(3);
});

describe('a model without a loss', () => {
  class Distance extends Layer {
    static override readonly className = 'Distance';
    override call(a: SymbolicTensor): SymbolicTensor {
      this.addLoss(ops.mean(ops.square(ops.sub(a, 3))));
      return a;
    }
  }
  test('makes small what its layers add', async () => {
    const model = new Sequential([input([2]), layers.dense(1), new Distance()]);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }) });
    const { history } = await model.fit(x, null, { epochs: 60, verbose: 0 });
    expect(history.loss?.at(-1)).toBeLessThan(0.05);
    const { loss } = await model.evaluate(x, null);
    expect(loss).toBeLessThan(0.05);
    const errors = (await model.predict(x)).data.map((value) => (value - 3) ** 2);
    expect(loss).toBeCloseTo(errors.reduce((a, b) => a + b) / errors.length, 5);
    // With measured outputs it takes their labels.
    model.compile({ optimizer: 'sgd', loss: null, metrics: ['mae'] });
    expect(await model.evaluate(x, y)).toHaveProperty('mae');
  });
  test('is trained by penalties alone too, but not by nothing', async () => {
    const shrinking = new Sequential([input([2]), layers.dense(1, { kernelRegularizer: 'l2' })]);
    shrinking.compile({ optimizer: 'sgd' });
    const [before] = shrinking.getWeights();
    await shrinking.fit(x, null, { verbose: 0 });
    const [after] = shrinking.getWeights();
    after?.data.forEach((value, i) => {
      expect(Math.abs(value)).toBeLessThan(Math.abs(before?.data[i] as number));
    });
    await expectFailure(() => line().compile({}).fit(x, null), 'ERR_ARGUMENT', /since no layer adds one/);
    await expectFailure(
      () => shrinking.fit(x, y),
      'ERR_ARGUMENT',
      /^y must be null, since the model is compiled/,
    );
  });
});

describe('class weights by position', () => {
  const classes = [
    [0, 1, 2],
    [2, 2, 0],
  ];
  const oneHot = classes.map((row) => row.map((c) => [0, 1, 2].map((i) => Number(i === c))));
  const classWeight = { 0: 1, 1: 0.5, 2: 3 };
  const sampleWeight = classes.map((row) => row.map((c) => classWeight[c as 0 | 1 | 2]));
  const features = classes.map((row, i) => row.map((_, j) => [Math.sin(i + 2 * j), Math.cos(i * j)]));
  test.each([
    ['sparseCategoricalCrossentropy', classes],
    ['sparseCategoricalCrossentropy', classes.map((row) => row.map((c) => [c]))],
    ['categoricalCrossentropy', oneHot],
  ] as const)('%s', async (loss, labels) => {
    const net = (): Sequential => {
      setRandomSeed(4);
      return new Sequential([input([3, 2]), layers.dense(3, { activation: 'softmax' })]);
    };
    const one = net().compile({ loss, optimizer: 'sgd' });
    const other = net().compile({ loss, optimizer: 'sgd' });
    const found = await one.fit(features, labels as never, { classWeight, verbose: 0 });
    const expected = await other.fit(features, labels as never, { sampleWeight, verbose: 0 });
    expect(found.history.loss).toEqual(expected.history.loss);
    expect(one.getWeights()[0]?.data).toEqual(other.getWeights()[0]?.data);
  });
});

test('pop takes the last layer away, and training goes on with the rest', async () => {
  const model = new Sequential([input([2]), layers.dense(3), layers.dense(4)]).compile({ loss: 'mse' });
  await model.fit(
    x,
    y.map((v) => [v, v, v, v]),
    { verbose: 0 },
  );
  const [head] = model.layers.slice(-1);
  expect(model.pop()).toBe(head);
  expect(model.outputs[0]?.shape).toEqual([null, 3]);
  model.add(layers.dense(1));
  const { history } = await model.fit(x, y, { epochs: 2, verbose: 0 });
  expect(history.loss).toHaveLength(2);
  expect((await model.predict(x)).shape).toEqual([10, 1]);
  model.pop();
  await expectFailure(() => model.pop(), 'ERR_ARGUMENT', /has no layer that can be taken away/);
  await expectFailure(() => new Sequential().pop(), 'ERR_ARGUMENT', /has no layer that can be taken away/);
});

test('crossentropy is binary, sparse or categorical by the shapes', async () => {
  const net = (units: number): Sequential => {
    setRandomSeed(2);
    return new Sequential([
      input([2]),
      layers.dense(units, { activation: units > 1 ? 'softmax' : 'sigmoid' }),
    ]);
  };
  const indices = y.map((_, i) => i % 3);
  const cases = [
    [1, 'binaryCrossentropy', y.map((_, i) => i % 2)],
    [3, 'sparseCategoricalCrossentropy', indices],
    [3, 'categoricalCrossentropy', indices.map((c) => [0, 1, 2].map((i) => Number(i === c)))],
  ] as const;
  for (const [units, loss, labels] of cases) {
    const measured = async (by: 'crossentropy' | 'ce' | typeof loss): Promise<Record<string, number>> =>
      net(units)
        .compile({ loss: by, metrics: ['ce', 'crossentropy'] })
        .evaluate(x, labels as never);
    const expected = await measured(loss);
    expect(await measured('crossentropy')).toEqual(expected);
    expect(expected.ce).toBeCloseTo(expected.loss as number, 6);
    expect(await measured('ce')).toEqual(expected);
  }
});

test('sparse cross-entropy along another axis is that of the last of what is turned', async () => {
  const of = tensor(
    Float32Array.from({ length: 24 }, (_, i) => Math.sin(i * i)),
    { shape: [2, 3, 4] },
  );
  const labels = [
    [0, 2, 1, 1],
    [1, 0, 2, -1],
  ];
  const measured = async (turned: boolean): Promise<number> => {
    const from = input([3, 4]);
    const to = turned ? layers.permute([2, 1])(from) : layers.activation('linear')(from);
    const model = new Model({ inputs: from, outputs: to as SymbolicTensor });
    const { losses } = await import('ridgeline');
    const options = { fromLogits: true, ignoreClass: -1, axis: turned ? -1 : 1 };
    model.compile({ loss: losses.sparseCategoricalCrossentropy(options) });
    return (await model.evaluate(of, labels)).loss;
  };
  expect(await measured(false)).toBeCloseTo(await measured(true), 6);
});

test('terminateOnNaN may end with an error', async () => {
  const model = line().compile({ optimizer: optimizers.sgd({ learningRate: 1e30 }), loss: 'mse' });
  const options = { epochs: 20, verbose: 0 as const };
  const raising = callbacks.terminateOnNaN({ raiseError: true });
  await expectFailure(
    () => model.fit(x, y, { ...options, callbacks: [raising] }),
    'ERR_NON_FINITE',
    /^the loss of batch 0 is (NaN|Infinity)/,
  );
  expect(() => callbacks.terminateOnNaN({ raise: true } as never)).toThrow(/has no option 'raise'/);
});

test('an index that a table does not have is told of its layer, in training too', async () => {
  for (const loss of ['mse', 'mae'] as const) {
    const tokens = input([2], { dtype: 'int32' });
    const vectors = layers.embedding(5, 3, { name: 'words' })(tokens) as SymbolicTensor;
    const model = new Model({ inputs: tokens, outputs: layers.dense(1)(layers.flatten()(vectors)) });
    model.compile({ loss, optimizer: loss === 'mse' ? 'sgd' : 'adam' });
    for (const [wrong, verb] of [
      [5, 'fit'],
      [-1, 'trainOnBatch'],
      [7, 'evaluate'],
    ] as const) {
      const run = model[verb] as (x: number[][], y: number[]) => Promise<unknown>;
      const failing = run.call(model, [[1, 2], [wrong, 0]], [1, 2]); // biome-ignore format: rows
      await expect(failing).rejects.toMatchObject({
        code: 'ERR_ARGUMENT',
        message: `layer 'words': indices must be in [0, 5), received ${wrong}`,
        details: { layer: 'words' },
      });
    }
  }
});

test('pooling over time takes sequences', async () => {
  await expectFailure(
    () => new Sequential([input([6]), layers.globalAveragePooling1d()]),
    'ERR_SHAPE',
    /expects input \[batch, time, channels\], received 2 axes/,
  );
});

test('inputs by the shape of their batches, and flattened channels that stand first', async () => {
  const from = input({ batchShape: [null, 2, 3] });
  expect(from.shape).toEqual([null, 2, 3]);
  expect(input({ batchShape: [4, 2], name: 'fixed' }).shape).toEqual([4, 2]);
  const of = tensor(Float32Array.from({ length: 12 }, (_, i) => i), { shape: [2, 2, 3] }); // biome-ignore format: short
  const flat = (dataFormat: 'channelsFirst' | 'channelsLast'): unknown =>
    layers.flatten({ dataFormat })(of).toArray();
  expect(flat('channelsLast')).toEqual([[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]); // biome-ignore format: rows
  expect(flat('channelsFirst')).toEqual([[0, 3, 1, 4, 2, 5], [6, 9, 7, 10, 8, 11]]); // biome-ignore format: rows
  expect(
    layers
      .flatten({ dataFormat: 'channelsFirst' })(tensor([1, 2]))
      .toArray(),
  ).toEqual([[1], [2]]);
});

test('batches of several kinds are measured each by its own program', async () => {
  const from = input([2]);
  const outputs = ['a', 'b'].map((name) => layers.dense(1, { name, kernelInitializer: 'zeros' })(from));
  const model = new Model({ inputs: from, outputs: outputs as SymbolicTensor[] });
  model.compile({ loss: 'mse' });
  const ones = [new Float32Array(2).fill(1), new Float32Array(2).fill(1)];
  const batchesOf = function* () {
    yield { x: x.rows(0, 2), y: ones, sampleWeight: { a: [1, 1] } };
    yield { x: x.rows(0, 2), y: ones, sampleWeight: { b: [100, 100] } };
    yield { x: x.rows(0, 2), y: ones };
  };
  const { a_loss, b_loss } = (await model.evaluate(batchesOf as never)) as Record<string, number>;
  expect([a_loss, b_loss]).toEqual([1, 34]);
});

test('class weights go along the axis of the loss', async () => {
  const { losses } = await import('ridgeline');
  const from = input([3, 5]);
  const model = new Model({ inputs: from, outputs: layers.permute([2, 1])(from) });
  model.compile({ loss: losses.sparseCategoricalCrossentropy({ axis: 1, fromLogits: true }) });
  const rows = tensor(Float32Array.from({ length: 15 }, (_, i) => Math.sin(i)), { shape: [1, 3, 5] }); // biome-ignore format: short
  const weights = [4, 4, 0].map((c) => (c === 4 ? 2 : 1));
  const found = await model.fit(rows, [[4, 4, 0]], { classWeight: { 4: 2 }, verbose: 0 });
  const expected = await model.evaluate(rows, [[4, 4, 0]], { sampleWeight: [weights] });
  expect(found.history.loss?.[0]).toBeCloseTo(expected.loss, 6);
});

test('metrics alone are measured, but not trained', async () => {
  const model = line().compile({ metrics: ['mae'] });
  const found = await model.evaluate(x, y);
  const predicted = await model.predict(x);
  const mae = y.reduce((sum, of, i) => sum + Math.abs(of - (predicted.data[i] as number)), 0) / 10;
  expect(found.loss).toBe(0);
  expect(found.mae).toBeCloseTo(mae, 6);
  await expect(model.fit(x, y)).rejects.toMatchObject({
    code: 'ERR_ARGUMENT',
    message: /^loss must be a loss/,
  });
});
