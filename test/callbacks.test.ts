/**
 * The callbacks of the package: early stopping as in Keras, stopping at NaN, the progress bar's lines.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, normalize } from 'node:path';
import { Callback, callbacks, type Logs, type Model, tensor } from 'ridgeline';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { bits, expectFailure, regression, x, y } from './support/small.js';

afterEach(() => vi.restoreAllMocks());

type Options = callbacks.EarlyStoppingOptions;

/**
 * Trains with `values` as the watched number, one an epoch; the weights of epoch `i` are all `i + 1`.
 * Says how many epochs were run and, by its weight, after which epoch the model is left.
 */
async function watch(
  values: readonly number[],
  options: Options,
): Promise<{ epochs: number; left: number; stopping: callbacks.EarlyStopping }> {
  const model = regression();
  model.optimizer.learningRate = 0;
  const fill = (value: number): void =>
    model.setWeights(
      model.getWeights().map((w) => tensor(new Float32Array(w.size).fill(value), { shape: w.shape })),
    );
  const script = {
    onEpochEnd: (epoch: number, logs: Logs): void => {
      fill(epoch + 1);
      logs.watched = values[epoch] as number;
    },
  };
  const stopping = callbacks.earlyStopping({ monitor: 'watched', mode: 'min', ...options });
  const { epoch } = await model.fit(x, y, { epochs: values.length, callbacks: [script, stopping] });
  return { epochs: epoch.length, left: (bits(model)[0] as number) - 1, stopping };
}

describe('early stopping', () => {
  test.each<[string, number[], Options, number]>([
    ['patience 0 behaves as 1', [3, 2, 2, 1], {}, 3],
    ['patience counts epochs without improvement', [3, 2, 2, 2, 2, 1], { patience: 3 }, 5],
    ['an improvement starts the count again', [5, 6, 4, 6, 6, 6, 1], { patience: 3 }, 6],
    ['equal is no improvement', [1, 1, 1, 1], { patience: 2 }, 3],
    ['an epoch that improves never stops', [4, 3, 2, 1], { patience: 1 }, 4],
    ['never at epoch 0', [NaN, 3, 2, 1], { patience: 1 }, 4],
    ['less than minDelta is no improvement', [5, 4.5, 4.2, 4.1, 0], { minDelta: 1, patience: 2 }, 3],
    ['the sign of minDelta is ignored', [5, 4.5, 4.2, 4.1, 0], { minDelta: -1, patience: 2 }, 3],
    ['more than minDelta is', [5, 3.9, 2.8, 1.7], { minDelta: 1, patience: 1 }, 4],
    ['max looks upwards', [1, 2, 3, 2, 2, 9], { mode: 'max', patience: 2 }, 5],
    [
      'epochs before startFromEpoch are not watched',
      [1, 2, 3, 4, 5, 6, 7],
      { startFromEpoch: 3, patience: 2 },
      6,
    ],
    [
      'better, if not than the baseline, earns patience',
      [5, 4, 4.5, 3, 3.5, 2, 2.5, 1],
      { baseline: 0.1, patience: 2 },
      8,
    ],
    ['better than the baseline does', [9, 0.9, 0.8, 0.7, 0.7, 0.7, 0.1], { baseline: 1, patience: 2 }, 6],
    ['NaN is worst: later numbers improve on it', [NaN, NaN, 2, 3, 3, 3], { patience: 3 }, 6],
    ['NaN is no improvement', [2, NaN, NaN, 1], { patience: 2 }, 3],
  ])('%s', async (_, values, options, epochs) => {
    const result = await watch(values, options);
    expect(result.epochs).toBe(epochs);
    const stopped = epochs < values.length || result.stopping.stoppedEpoch > 0;
    expect(result.stopping.stoppedEpoch).toBe(stopped ? epochs - 1 : 0);
  });

  test.each<[string, number[], Options, number]>([
    ['the best weights come back', [3, 1, 2, 2], { patience: 2 }, 1],
    ['also when nothing was stopped', [3, 1, 2], { patience: 10 }, 1],
    ['a NaN epoch is never the best', [NaN, 3, 4], { patience: 10 }, 1],
    ['the first watched epoch when none improves', [NaN, NaN, NaN], { patience: 10 }, 0],
    ['epochs before startFromEpoch are not the best', [0, 3, 2, 4], { startFromEpoch: 1, patience: 10 }, 2],
    ['nothing comes back when nothing was watched', [3, 2], { startFromEpoch: 10 }, 1],
  ])('restoreBestWeights: %s', async (_, values, options, left) => {
    const result = await watch(values, { restoreBestWeights: true, ...options });
    expect(result.left).toBe(left);
    if (options.startFromEpoch !== 10) expect(result.stopping.bestEpoch).toBe(left);
  });

  test('without it the last weights stay', async () => {
    expect((await watch([3, 1, 2], { patience: 10 })).left).toBe(2);
  });

  test.each([
    ['val_accuracy', [0.5, 0.6, 0.7], 3],
    ['accuracy', [0.7, 0.6, 0.5], 2],
    ['val_loss', [0.7, 0.6, 0.5], 3],
    ['loss', [0.5, 0.6, 0.7], 2],
    ['mae', [0.5, 0.6, 0.7], 2],
    ['penalty', [3, 2, 1], 3],
  ])('mode auto knows the direction of %s', async (monitor, values, epochs) => {
    const model = regression().compile({ loss: 'mse', metrics: ['accuracy', 'mae'] }) as Model;
    const script = {
      onEpochEnd: (epoch: number, logs: Logs): void => {
        logs[monitor] = values[epoch] as number;
      },
    };
    const options = {
      epochs: 3,
      validationSplit: 0.2,
      callbacks: [script, callbacks.earlyStopping({ monitor })],
    };
    expect((await model.fit(x, y, options)).epoch).toHaveLength(epochs);
  });

  test('a second fit begins anew', async () => {
    const stopping = callbacks.earlyStopping({ monitor: 'loss', minDelta: 1000, patience: 2 });
    const model = regression();
    for (let i = 0; i < 2; i++) {
      expect((await model.fit(x, y, { epochs: 9, callbacks: [stopping] })).epoch).toEqual([0, 1, 2]);
    }
  });

  test('inside another callback', async () => {
    const inner = callbacks.earlyStopping({ monitor: 'val_loss', minDelta: 1000, patience: 2 });
    class Around extends Callback {
      override setModel(model: Model): void {
        inner.setModel(model);
      }
      override onTrainBegin(): void {
        inner.onTrainBegin();
      }
      override onEpochEnd(epoch: number, logs: Logs): void {
        inner.onEpochEnd(epoch, logs);
      }
    }
    const options = { epochs: 20, validationSplit: 0.2, validationFreq: 2, callbacks: [new Around()] };
    expect((await regression().fit(x, y, options)).epoch).toHaveLength(6);
  });

  test('in a loop of one’s own', async () => {
    const model = regression();
    const stopping = callbacks.earlyStopping({ monitor: 'loss', minDelta: 1000, patience: 2 });
    stopping.setModel(model);
    stopping.onTrainBegin();
    let epochs = 0;
    while (!model.stopTraining) stopping.onEpochEnd(epochs++, { ...(await model.trainOnBatch(x, y)) });
    expect(epochs).toBe(3);
  });

  test('epochs that are not validated do not count', async () => {
    const stopping = callbacks.earlyStopping({ monitor: 'val_loss', minDelta: 1000, patience: 2 });
    const options = { epochs: 20, validationSplit: 0.2, validationFreq: 2, callbacks: [stopping] };
    // Validated after epochs 2, 4 and 6; the first is the best.
    expect((await regression().fit(x, y, options)).epoch).toHaveLength(6);
  });

  test('verbose says what it does', async () => {
    const said = vi.spyOn(console, 'log').mockImplementation(() => {});
    await watch([1, 2, 3], { verbose: 1, restoreBestWeights: true, patience: 1 });
    expect(said.mock.calls.flat()).toEqual([
      'Epoch 2: early stopping',
      'Restoring model weights from the end of the best epoch: 1.',
    ]);
  });
});

test('terminateOnNaN ends at the first batch whose loss is not finite', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const model = regression();
  const huge = y.map((_, i) => (i < 5 ? 0 : 3e38));
  const seen: number[] = [];
  const count = { onTrainBatchEnd: (batch: number): void => void seen.push(batch) };
  const options = { epochs: 5, batchSize: 5, shuffle: false, callbacks: [count, callbacks.terminateOnNaN()] };
  const { epoch, history } = await model.fit(x, huge, options);
  expect(seen).toEqual([0, 1]);
  expect(epoch).toEqual([0]);
  expect(history.loss).toEqual([Number.POSITIVE_INFINITY]);
  expect(warned.mock.calls.flat()[0]).toMatch(/^Batch 1: the loss is Infinity, terminating training$/);
});

test('a loss that is not finite is warned of once', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {});
  await regression().fit(
    x,
    y.map(() => 3e38),
    { epochs: 3 },
  );
  expect(warned).toHaveBeenCalledTimes(1);
  expect(warned.mock.calls[0]?.[0]).toMatch(/^ridgeline: the loss of epoch 1 is Infinity/);
});

test('a callback follows one training at a time, and the other is not touched', async () => {
  const [one, two, twin] = [regression(), regression(), regression()];
  const stopping = callbacks.earlyStopping({ monitor: 'loss', patience: 99, restoreBestWeights: true });
  const hooks: string[] = [];
  const other = { onTrainBegin: () => void hooks.push('begin'), onTrainEnd: () => void hooks.push('end') };
  const first = one.fit(x, y, { epochs: 8, callbacks: [stopping] });
  await expectFailure(
    () => two.fit(x, y, { callbacks: [other, stopping] }),
    'ERR_BUSY',
    /^a callback of class EarlyStopping follows the training of model '[^']+'; make one for each/,
  );
  expect(hooks).toEqual([]);
  await first;
  const alone = callbacks.earlyStopping({ monitor: 'loss', patience: 99, restoreBestWeights: true });
  await twin.fit(x, y, { epochs: 8, callbacks: [alone] });
  expect(bits(one)).toEqual(bits(twin));
  await two.fit(x, y, { epochs: 2, callbacks: [stopping] });
});

describe('progress', () => {
  const written = (): (() => string) => {
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    return () => spy.mock.calls.map(([chunk]) => String(chunk)).join('');
  };

  test('verbose 2 writes a line an epoch to standard error', async () => {
    const output = written();
    await regression().fit(x, y, { epochs: 4, initialEpoch: 2, verbose: 2, validationSplit: 0.2 });
    const number = '-?\\d[\\d.e+-]*';
    const keys = [
      'loss',
      'penalty',
      'loss_without_penalty',
      'val_loss',
      'val_penalty',
      'val_loss_without_penalty',
    ];
    const line = (n: number): string =>
      `Epoch ${n}/4 - ${keys.map((key) => `${key}: ${number}`).join(' - ')}\n`;
    expect(output()).toMatch(new RegExp(`^${line(3)}${line(4)}$`));
  });

  test('verbose 0 writes nothing', async () => {
    const output = written();
    await regression().fit(x, y, { epochs: 2, verbose: 0 });
    expect(output()).toBe('');
  });

  test('verbose 1 draws a bar, which leaves no timer behind', async () => {
    const output = written();
    await regression().fit(x, y, { epochs: 2, verbose: 1 });
    expect(output()).not.toMatch(/NaN|undefined/);
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeline-callbacks-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  test('stand in folders that are made where they are not there', async () => {
    const at = join(folder, 'a', 'b');
    await regression().fit(x, y, {
      epochs: 2,
      callbacks: [
        callbacks.modelCheckpoint(join(at, '{epoch:02d}', 'model.safetensors')),
        callbacks.backupAndRestore(join(at, 'c', 'backup.safetensors'), { deleteCheckpoint: false }),
      ],
    });
    expect(readdirSync(at, { recursive: true }).map(String).sort()).toEqual(
      ['01', '02', 'c']
        .concat(['01/model.safetensors', '02/model.safetensors', 'c/backup.safetensors'].map(normalize))
        .sort(),
    );
    const blocked = join(at, 'c', 'backup.safetensors', 'more', 'model.safetensors');
    await expectFailure(
      () => regression().fit(x, y, { callbacks: [callbacks.modelCheckpoint(blocked)] }),
      'ERR_IO',
      /cannot make the folder/,
    );
  });

  test('of values have columns for validation, where the first epoch has none', async () => {
    const path = join(folder, 'log.csv');
    const options = { epochs: 4, validationSplit: 0.2, validationFreq: 2 };
    await regression().fit(x, y, { ...options, callbacks: [callbacks.csvLogger(path)] });
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    const [header, first, second] = lines.map((line) => line.split(',')) as [string[], string[], string[]];
    const at = header.indexOf('val_loss');
    expect(at).toBeGreaterThan(0);
    expect(first[at]).toBe('NA');
    expect(Number(second[at])).toBeGreaterThan(0);
    expect(header.filter((key) => key.startsWith('val_'))).toHaveLength((header.length - 1) / 2);
  });
});
