/**
 * Callbacks that set the learning rate: when they do, what the logs say, and going on from a file.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callbacks, type Logs, loadModel, type Model, optimizers } from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-rates-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Options = callbacks.ReduceLROnPlateauOptions;

/** The learning rate that each epoch began with, where `values` is the watched number of each. */
async function rates(
  values: readonly number[],
  options: Options,
  { of = regression(), initialEpoch = 0 }: { of?: Model; initialEpoch?: number } = {},
): Promise<number[]> {
  const script = {
    onEpochEnd: (epoch: number, logs: Logs): void => {
      logs.watched = values[epoch] as number;
    },
  };
  const plateau = callbacks.reduceLROnPlateau({ monitor: 'watched', mode: 'min', factor: 0.5, ...options });
  if (initialEpoch === 0) of.optimizer.learningRate = 1;
  const { history } = await of.fit(x, y, {
    epochs: values.length,
    initialEpoch,
    callbacks: [script, plateau],
  });
  const found = (history as unknown as Record<string, number[]>).learning_rate as number[];
  expect(of.history.history.learning_rate?.slice(-found.length)).toEqual(found);
  return found;
}

// Keras 3's callback gives the same numbers for each of these.
describe('reduceLROnPlateau', () => {
  test.each<[string, number[], Options, number[]]>([
    [
      'patience counts epochs without improvement',
      [3, 3, 3, 3, 3, 3],
      { patience: 2 },
      [1, 1, 1, 0.5, 0.5, 0.25],
    ],
    ['an improvement starts the count again', [3, 3, 2, 2, 2, 2], { patience: 2 }, [1, 1, 1, 1, 1, 0.5]],
    [
      'less than minDelta is none',
      [3, 2.9, 2.8, 2.7, 2.6],
      { patience: 2, minDelta: 1 },
      [1, 1, 1, 0.5, 0.5],
    ],
    ['max looks upwards', [1, 2, 1, 1, 1], { patience: 2, mode: 'max' }, [1, 1, 1, 1, 0.5]],
    [
      'a cooldown does not count',
      [3, 3, 3, 3, 3, 3, 3, 3],
      { patience: 1, cooldown: 2 },
      [1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125],
    ],
    ['minLr is the least', [3, 3, 3, 3, 3], { patience: 1, minLr: 0.3 }, [1, 1, 0.5, 0.3, 0.3]],
    ['NaN is worse than any number', [3, Number.NaN, Number.NaN, 2], { patience: 2 }, [1, 1, 1, 0.5]],
    ['patience 0 behaves as 1', [3, 3, 3], { patience: 0 }, [1, 1, 0.5]],
  ])('%s', async (_, values, options, expected) => {
    expect(await rates(values, options)).toEqual(expected);
  });

  test('goes on from a file', async () => {
    const values = [3, 3, 3, 3, 3, 3, 3, 2, 2, 2];
    const whole = await rates(values, { patience: 3 });
    const path = join(folder, 'plateau');
    const first = regression();
    await rates(values.slice(0, 5), { patience: 3 }, { of: first });
    await first.save(path);
    const of = await loadModel(path);
    expect(await rates(values, { patience: 3 }, { of, initialEpoch: 5 })).toEqual(whole.slice(5));
  });

  test('of a schedule is refused', async () => {
    const learningRate = optimizers.schedules.cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 });
    const model = regression().compile({ optimizer: optimizers.sgd({ learningRate }), loss: 'mse' });
    await expectFailure(
      () => model.fit(x, y, { callbacks: [callbacks.reduceLROnPlateau({ monitor: 'loss' })] }),
      'ERR_ARGUMENT',
      /must be a number, and a schedule gives it/,
    );
  });

  test.each([
    { factor: 1 },
    { factor: 0 },
    { patience: -1 },
    { minLr: -1 },
    { cooldown: 0.5 },
    { mode: 'up' },
    { monitor: 3 },
  ])('%o is refused', async (options) => {
    const [name] = Object.keys(options);
    await expectFailure(
      () => callbacks.reduceLROnPlateau(options as never),
      'ERR_ARGUMENT',
      new RegExp(`^${name} must be`),
    );
  });
});

describe('learningRateScheduler', () => {
  test('sets the rate of each epoch', async () => {
    const model = regression();
    const scheduler = callbacks.learningRateScheduler((epoch, rate) => (epoch === 0 ? 0.5 : rate / 2));
    const { history } = await model.fit(x, y, { epochs: 3, callbacks: [scheduler] });
    expect((history as unknown as Record<string, number[]>).learning_rate).toEqual([0.5, 0.25, 0.125]);
    expect(model.optimizer.learningRate).toBe(0.125);
  });

  test.each([
    ['nothing', undefined],
    ['NaN', Number.NaN],
    ['a negative number', -1],
    ['text', '0.1'],
  ])('that gives %s ends the fit', async (_, rate) => {
    const scheduler = callbacks.learningRateScheduler((() => rate) as never);
    await expectFailure(
      () => regression().fit(x, y, { callbacks: [scheduler] }),
      'ERR_ARGUMENT',
      /^what the schedule gives must be/,
    );
  });
});

test('a lambda callback is its functions', async () => {
  const heard: number[] = [];
  await regression().fit(x, y, {
    epochs: 2,
    callbacks: [callbacks.lambdaCallback({ onEpochEnd: (epoch) => void heard.push(epoch) })],
  });
  expect(heard).toEqual([0, 1]);
  const odd = { onEpoch() {} } as never;
  await expectFailure(() => callbacks.lambdaCallback(odd), 'ERR_ARGUMENT', /has no option 'onEpoch'/);
  await expectFailure(
    () => callbacks.lambdaCallback(null as never),
    'ERR_ARGUMENT',
    /must be an object, received null/,
  );
});
