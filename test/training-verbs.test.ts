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
import { describe, expect, test, vi } from 'vitest';
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

test('a hook that nobody calls is refused, where a callback is a plain object', async () => {
  const model = line().compile({ loss: 'mse' });
  for (const [hook, guess] of [
    ['onEpochFinished', ''],
    ['on_epoch_end', "did you mean 'onEpochEnd'"],
  ] as const)
    await expectFailure(
      () => model.fit(x, y, { callbacks: [{ [hook]: () => {} } as never] }),
      'ERR_ARGUMENT',
      new RegExp(`^callbacks\\[0\\] must be one of .*received '${hook}'.*${guess}`),
    );
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

describe('callbacks of evaluate and predict', () => {
  const model = line().compile({ loss: 'mse', metrics: ['mae'] });
  /** What is said, in the order in which it is. */
  function spy(): { said: string[]; logs: Record<string, unknown>; callback: Record<string, unknown> } {
    const [said, logs]: [string[], Record<string, unknown>] = [[], {}];
    const hooks = ['Test', 'Predict'].flatMap((verb) => [`on${verb}Begin`, `on${verb}End`]);
    const batchHooks = ['Test', 'Predict'].flatMap((verb) => [`on${verb}BatchBegin`, `on${verb}BatchEnd`]);
    const callback: Record<string, unknown> = {
      setModel: (of: Model) => void said.push(`model ${of === (model as unknown)}`),
      setParams: (params: object) => void said.push(`params ${JSON.stringify(params)}`),
    };
    for (const hook of hooks)
      callback[hook] = async (of: object) => {
        said.push(hook);
        logs[hook] = of;
      };
    for (const hook of batchHooks)
      callback[hook] = async (batch: number, of: object) => {
        said.push(`${hook} ${batch}`);
        logs[`${hook} ${batch}`] = of;
      };
    return { said, logs, callback };
  }
  const sourceOf = function* () {
    for (let i = 0; i < 10; i += 4) yield { x: x.rows(i, Math.min(i + 4, 10)), y: y.slice(i, i + 4) };
  };
  const batches = (verb: string, count: number): string[] =>
    Array.from({ length: count }, (_, i) => [`on${verb}BatchBegin ${i}`, `on${verb}BatchEnd ${i}`]).flat();

  test('evaluate: each batch, with what was found so far, as without them', async () => {
    const expected = await model.evaluate(x, y, { batchSize: 4 });
    const { said, logs, callback } = spy();
    const found = await model.evaluate(x, y, { batchSize: 4, callbacks: [callback] });
    expect(found).toEqual(expected);
    const params = 'params {"epochs":1,"steps":3}';
    expect(said).toEqual(['model true', params, 'onTestBegin', ...batches('Test', 3), 'onTestEnd']);
    expect(logs['onTestBatchEnd 2']).toEqual(expected);
    expect(logs.onTestEnd).toEqual(expected);
    expect(logs['onTestBatchEnd 0']).toEqual(await model.evaluate(x.rows(0, 4), y.slice(0, 4)));
    // So many batches, of rows or of batches that come one by one.
    const some = await model.evaluate(x.rows(0, 8), y.slice(0, 8), { batchSize: 4 });
    expect(await model.evaluate(x, y, { batchSize: 4, steps: 2 })).toEqual(some);
    const streamed = spy();
    expect(await model.evaluate(sourceOf, { steps: 2, callbacks: [streamed.callback] })).toEqual(some);
    expect(streamed.said.slice(3)).toEqual([...batches('Test', 2), 'onTestEnd']);
  });
  test('validation of a fit: each batch too', async () => {
    const { said, callback } = spy();
    const fitted = line().compile({ loss: 'mse' });
    const options = { epochs: 2, verbose: 0 as const, validationBatchSize: 3, callbacks: [callback] };
    await fitted.fit(x, y, { ...options, validationData: [x, y] });
    const once = ['onTestBegin', ...batches('Test', 4), 'onTestEnd'];
    expect(said.slice(1)).toEqual(['params {"epochs":2,"steps":1}', ...once, ...once]);
  });
  test('predict: each batch, with its outputs', async () => {
    const expected = await model.predict(x, { batchSize: 4 });
    const { said, logs, callback } = spy();
    const found = await model.predict(x, { batchSize: 4, callbacks: [callback] });
    expect(found.data).toEqual(expected.data);
    expect(said.slice(2)).toEqual(['onPredictBegin', ...batches('Predict', 3), 'onPredictEnd']);
    const { outputs } = logs['onPredictBatchEnd 2'] as { outputs: { data: Float32Array } };
    expect(outputs.data).toEqual(expected.rows(8, 10).data);
    expect((await model.predict(x, { batchSize: 4, steps: 2 })).data).toEqual(expected.rows(0, 8).data);
    const streamed = spy();
    const some = await model.predict(sourceOf, { steps: 2, callbacks: [streamed.callback] });
    expect(some.data).toEqual(expected.rows(0, 8).data);
    expect(streamed.said.slice(2)).toEqual(['onPredictBegin', ...batches('Predict', 2), 'onPredictEnd']);
  });
  test('random numbers do not depend on who follows', async () => {
    const from = input([2]);
    const noisy = layers.dropout(0.5)(from, { training: true }) as SymbolicTensor;
    const drawing = (): Model => {
      setRandomSeed(6);
      return new Model({ inputs: from, outputs: layers.dense(1)(noisy) }).compile({ loss: 'mse' }) as Model;
    };
    const { callback } = spy();
    const options = { batchSize: 3, callbacks: [{ ...callback, setModel: () => {} }] };
    const followed = (await drawing().predict(x, options)) as unknown as { data: Float32Array };
    const alone = (await drawing().predict(x, { batchSize: 3 })) as unknown as { data: Float32Array };
    expect(followed.data).toEqual(alone.data);
    expect(await drawing().evaluate(x, y, options)).toEqual(await drawing().evaluate(x, y, { batchSize: 3 }));
  });
  test('lines and errors', async () => {
    const written: string[] = [];
    const stderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      await model.evaluate(x, y, { verbose: 2 });
      await model.predict(x, { verbose: 2 });
      await model.evaluate(x, y);
    } finally {
      stderr.mockRestore();
    }
    expect(written).toEqual([expect.stringMatching(/^loss: \d.* - mae: \d/), 'predicted\n']);
    const wrong = { callbacks: [{ onTestBatchFinished: () => {} }] } as never;
    await expectFailure(() => model.evaluate(x, y, wrong), 'ERR_ARGUMENT', /^callbacks\[0\] must be one of/);
    await expectFailure(() => model.predict(x, { steps: 0 }), 'ERR_ARGUMENT', /^steps must be/);
    const failing = { callbacks: [{ onPredictBatchEnd: () => Promise.reject(new Error('told')) }] };
    await expect(model.predict(x, failing)).rejects.toThrow('told');
    expect((await model.predict(x)).shape).toEqual([10, 1]);
  });
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

test('a fit that is cut off in its validation tells of no batch behind its end', async () => {
  const said: string[] = [];
  const controller = new AbortController();
  const callback = {
    onTestBatchEnd: (batch: number) => {
      said.push(`batch ${batch}`);
      if (batch === 1) controller.abort();
    },
    onTestEnd: () => void said.push('test end'),
    onTrainEnd: () => void said.push('train end'),
  };
  const model = line().compile({ loss: 'mse' });
  const options = { verbose: 0 as const, callbacks: [callback], signal: controller.signal };
  const fit = model.fit(x, y, { ...options, validationData: [x, y], validationBatchSize: 1 });
  await expect(fit).rejects.toThrow(/abort/);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(said).toEqual(['batch 0', 'batch 1', 'train end']);
});

test('fields of callbacks that are no hooks are one’s own, and options may be left open', async () => {
  const model = line().compile({ loss: 'mse' });
  const callback = { once: true, online: () => {}, onEpochEnd: () => {}, only: 3 };
  await model.fit(x, y, { verbose: 0, callbacks: [callback as never] });
  const open = { steps: undefined, callbacks: undefined, verbose: undefined };
  expect((await model.predict(x, open)).shape).toEqual([10, 1]);
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
