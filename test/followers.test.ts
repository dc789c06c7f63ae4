/**
 * Callbacks that follow an evaluation, a prediction or a validation, batch by batch; and what an object may hold that is one.
 */
import { input, layers, Model, Sequential, type SymbolicTensor, setRandomSeed, tensor } from 'ridgeline';
import { describe, expect, test, vi } from 'vitest';
import { expectFailure } from './support/small.js';

const x = tensor(
  Float32Array.from({ length: 20 }, (_, i) => Math.sin(1 + i)),
  { shape: [10, 2] },
);
const y = Array.from({ length: 10 }, (_, i) => Math.cos(i));

const line = (): Sequential => new Sequential([input([2]), layers.dense(1)]);

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

test('fields of callbacks that are no hooks are one’s own, and options may be left open', async () => {
  const model = line().compile({ loss: 'mse' });
  const callback = { once: true, online: () => {}, onEpochEnd: () => {}, only: 3 };
  await model.fit(x, y, { verbose: 0, callbacks: [callback as never] });
  const open = { steps: undefined, callbacks: undefined, verbose: undefined };
  expect((await model.predict(x, open)).shape).toEqual([10, 1]);
});
