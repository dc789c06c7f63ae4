/**
 * A run beside JavaScript: the event loop stays free, aborts and callbacks take effect, two runs do not meet.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { tensor } from 'ridgeline';
import { describe, expect, test, vi } from 'vitest';
import { native } from '../../src/native.js';
import {
  bits,
  classes,
  classifier,
  expectTrains,
  failure,
  heavy,
  regression,
  x,
  y,
} from '../support/small.js';

describe('the event loop', () => {
  test('timers keep firing during a fit on all cores', async () => {
    const { model, x, y } = heavy(4096, 256);
    const lags: number[] = [];
    let last = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      lags.push(now - last - 5);
      last = now;
    }, 5);
    const abort = new AbortController();
    const run = failure(() => model.fit(x, y, { epochs: 10_000, batchSize: 64, signal: abort.signal }));
    await sleep(1500);
    clearInterval(timer);
    abort.abort();
    await run;
    lags.sort((a, b) => a - b);
    expect(lags.length).toBeGreaterThan(20);
    expect(lags[Math.floor(lags.length * 0.99)]).toBeLessThan(200);
  });

  test('two models train at once', async () => {
    const [a, b, alone] = [regression(), regression(), regression()];
    const fit = (model: typeof a) => model.fit(x, y, { epochs: 30 });
    const [first, second] = await Promise.all([fit(a), fit(b)]);
    await fit(alone);
    expect(first.history).toEqual(second.history);
    expect(bits(a)).toEqual(bits(alone));
    expect(bits(b)).toEqual(bits(alone));
  });

  test('predict during a fit', async () => {
    const { model, x, y } = heavy(512, 64);
    const abort = new AbortController();
    const run = failure(() => model.fit(x, y, { epochs: 100_000, signal: abort.signal }));
    for (let i = 0; i < 5; i++) {
      expect((await model.predict(x)).data.every(Number.isFinite)).toBe(true);
      expect(model.predictSync(x.rows(0, 3)).shape).toEqual([3, 1]);
      expect(await model.evaluate(x, y)).toHaveProperty('loss');
    }
    abort.abort();
    await run;
  });
});

describe('abort', () => {
  test('before the start', async () => {
    const model = regression();
    const before = bits(model);
    const reason = new Error('changed my mind');
    expect(await failure(() => model.fit(x, y, { signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(bits(model)).toEqual(before);
    await expectTrains(model);
  });

  test('in the middle of an epoch ends the run within a batch, with the reason', async () => {
    const { model, x, y } = heavy(4096, 64);
    const abort = new AbortController();
    const seen: number[] = [];
    const reason = { why: 'enough' };
    const callback = {
      onTrainBatchEnd: (batch: number) => {
        seen.push(batch);
        if (batch === 3) abort.abort(reason);
      },
      onTrainEnd: () => void seen.push(-1),
    };
    const error = await failure(() =>
      model.fit(x, y, { epochs: 50, batchSize: 8, callbacks: [callback], signal: abort.signal }),
    );
    expect(error).toBe(reason);
    expect(seen).toEqual([0, 1, 2, 3, -1]);
    expect((await model.fit(x, y, { epochs: 1 })).history.loss).toHaveLength(1);
  });

  test('without callbacks', async () => {
    const { model, x, y } = heavy();
    const signal = AbortSignal.timeout(50);
    const began = performance.now();
    const error = await failure(() => model.fit(x, y, { epochs: 1_000_000, signal }));
    expect(error).toBe(signal.reason);
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(bits(model).every(Number.isFinite)).toBe(true);
  });

  test('after the end has no effect', async () => {
    const abort = new AbortController();
    const model = regression();
    await model.fit(x, y, { signal: abort.signal });
    abort.abort();
    await expectTrains(model);
  });
});

describe('callbacks', () => {
  test('all are called, in order, async ones are waited for', async () => {
    const model = regression();
    const said: string[] = [];
    const say = (what: string) => async (n: unknown) => {
      await sleep(1);
      said.push(typeof n === 'number' ? `${what} ${n}` : what);
    };
    const callback = {
      onTrainBegin: say('begin'),
      onEpochBegin: say('epoch begin'),
      onTrainBatchBegin: say('batch begin'),
      onTrainBatchEnd: say('batch end'),
      onEpochEnd: say('epoch end'),
      onTrainEnd: say('end'),
    };
    await model.fit(x, y, { epochs: 2, batchSize: 5, callbacks: [callback] });
    const batches = ['batch begin 0', 'batch end 0', 'batch begin 1', 'batch end 1'];
    const epoch = (n: number): string[] => [`epoch begin ${n}`, ...batches, `epoch end ${n}`];
    expect(said).toEqual(['begin', ...epoch(0), ...epoch(1), 'end']);
  });

  test.each([
    'onTrainBegin',
    'onEpochBegin',
    'onTrainBatchBegin',
    'onTrainBatchEnd',
    'onEpochEnd',
    'onTrainEnd',
  ])('an error in %s ends the fit with it', async (name) => {
    const model = regression();
    const error = new RangeError('mine');
    let after = 0;
    const bad = {
      [name]: () => {
        throw error;
      },
    };
    const watch = { onEpochEnd: () => void after++ };
    expect(await failure(() => model.fit(x, y, { epochs: 5, callbacks: [bad, watch] }))).toBe(error);
    expect(after).toBe(name === 'onTrainEnd' ? 5 : 0);
    await expectTrains(model);
  });

  test('predictSync and predict inside callbacks see the weights of that moment', async () => {
    const model = regression();
    const outputs: number[][] = [];
    const onEpochEnd = async (): Promise<void> => {
      const now = model.predictSync(x);
      expect([...(await model.predict(x)).data]).toEqual([...now.data]);
      outputs.push([...now.data]);
    };
    await model.fit(x, y, { epochs: 3, callbacks: [{ onEpochEnd }] });
    expect(outputs).toHaveLength(3);
    expect(outputs[0]).not.toEqual(outputs[1]);
    expect(outputs[2]).toEqual([...model.predictSync(x).data]);
  });

  test('setWeights inside a callback takes effect', async () => {
    const model = regression();
    model.optimizer.learningRate = 0;
    const zero = model.getWeights().map((w) => tensor(new Float32Array(w.size), { shape: w.shape }));
    const onEpochEnd = (epoch: number): void => {
      if (epoch === 0) model.setWeights(zero);
    };
    const { history } = await model.fit(x, y, { epochs: 3, callbacks: [{ onEpochEnd }] });
    const square = y.reduce((sum, v) => sum + v * v, 0) / y.length;
    expect(history.loss[0]).not.toBeCloseTo(square, 4);
    expect(history.loss[1]).toBeCloseTo(square, 5);
    expect(history.loss[2]).toBe(history.loss[1]);
    expect(bits(model).every((w) => w === 0)).toBe(true);
  });

  test('a learning rate set on the way takes effect with the next batch', async () => {
    const model = regression();
    let frozen: number[] = [];
    const onTrainBatchEnd = (batch: number): void => {
      if (batch !== 1) return;
      model.optimizer.learningRate = 0;
      frozen = bits(model);
    };
    await model.fit(x, y, { batchSize: 2, epochs: 2, callbacks: [{ onTrainBatchEnd }] });
    expect(bits(model)).toEqual(frozen);
    expect(model.optimizer.learningRate).toBe(0);
  });

  test('a run is told of a learning rate only when it has changed', async () => {
    const next = vi.spyOn(native.NativeRun.prototype, 'next');
    const model = regression();
    const rates = [0.5, 0.5, 0.25, 0.001];
    const callback = {
      onTrainBegin: () => {
        model.optimizer.learningRate = 0.125;
      },
      onEpochEnd: (epoch: number) => {
        model.optimizer.learningRate = rates[epoch] as number;
      },
    };
    await model.fit(x, y, { epochs: 4, callbacks: [callback] });
    const verdicts = next.mock.calls.map(([verdict]) => verdict);
    next.mockRestore();
    // The run begins with the rate of its options, and the end comes with the last epoch.
    expect(verdicts).toEqual([
      { stop: false },
      { stop: false, learningRate: 0.5 },
      { stop: false },
      { stop: false, learningRate: 0.25 },
    ]);
    expect(model.optimizer.learningRate).toBe(0.001);
  });

  test('stopTraining ends after the epoch', async () => {
    const model = regression();
    const onEpochEnd = (epoch: number): void => {
      model.stopTraining = epoch === 2;
    };
    expect((await model.fit(x, y, { epochs: 10, callbacks: [{ onEpochEnd }] })).epoch).toEqual([0, 1, 2]);
    expect((await model.fit(x, y, { epochs: 4 })).epoch).toEqual([0, 1, 2, 3]);
  });

  test('stopTraining in a batch ends after the batch; the epoch is logged', async () => {
    const model = regression();
    const batches: number[] = [];
    const onTrainBatchEnd = (batch: number): void => {
      batches.push(batch);
      model.stopTraining = batch === 2;
    };
    const options = {
      epochs: 10,
      batchSize: 2,
      callbacks: [{ onTrainBatchEnd }],
      validationData: [x, y] as const,
    };
    const { epoch, history } = await model.fit(x, y, options);
    expect(batches).toEqual([0, 1, 2]);
    expect(epoch).toEqual([0]);
    expect(history.val_loss).toHaveLength(1);
  });

  test('logs are those of the history', async () => {
    const model = regression();
    const seen: number[] = [];
    const onEpochEnd = (_: number, logs: Record<string, number>): void =>
      void seen.push(logs.val_loss as number);
    const { history } = await model.fit(x, y, {
      epochs: 3,
      validationSplit: 0.3,
      callbacks: [{ onEpochEnd }],
    });
    expect(history.val_loss).toEqual(seen);
  });
});

describe('counting', () => {
  test('initialEpoch makes epochs the index to end before', async () => {
    const model = regression();
    expect((await model.fit(x, y, { initialEpoch: 3, epochs: 5 })).epoch).toEqual([3, 4]);
    expect(await model.fit(x, y, { initialEpoch: 5, epochs: 5 })).toEqual({ epoch: [], history: {} });
  });

  test('validationFreq', async () => {
    const { history } = await regression().fit(x, y, { epochs: 5, validationFreq: 2, validationSplit: 0.2 });
    expect(history.loss).toHaveLength(5);
    expect(history.val_loss).toHaveLength(2);
  });

  test('trainOnBatch is one step of fit', async () => {
    const [a, b] = [regression(), regression()];
    const before = await a.evaluate(x, y, { batchSize: 10 });
    const logs = await a.trainOnBatch(x, y);
    const { history } = await b.fit(x, y, { batchSize: 10, shuffle: false });
    expect(logs.loss).toBe(history.loss[0]);
    expect(logs.loss).toBeCloseTo(before.loss, 6);
    expect(bits(a)).toEqual(bits(b));
  });

  test('the last, smaller batch is kept', async () => {
    const seen: number[] = [];
    const callbacks = [{ onTrainBatchEnd: (batch: number): void => void seen.push(batch) }];
    await regression().fit(x, y, { batchSize: 4, callbacks });
    expect(seen).toEqual([0, 1, 2]);
  });

  test('validation labels of another form are those of the training labels', async () => {
    const model = classifier();
    const lists = Array.from(classes, (c) => [c]);
    const { history } = await model.fit(x, classes, { validationData: [x, lists], epochs: 1 });
    const { loss } = await model.evaluate(x, classes);
    expect(history.val_loss?.[0]).toBeCloseTo(loss, 6);
  });
});
