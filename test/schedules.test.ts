/**
 * Schedules of the learning rate in training: whose step it is, what replaces one, and what is saved.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadModel, type Model, optimizers } from 'ridgeline';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { factoriesOf } from '../src/core/registry.js';
import { native } from '../src/native.js';
import * as named from '../src/optimizers/schedules/factories.js';
import { bits, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-schedules-'));
afterAll(() => rmSync(folder, { recursive: true }));

const { exponentialDecay, piecewiseConstantDecay } = optimizers.schedules;
/** One half, one quarter, one eighth … */
const halving = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.5 });

const compiled = (options: optimizers.OptimizerOptions): Model =>
  regression().compile({ optimizer: optimizers.sgd({ momentum: 0.5, ...options }), loss: 'mse' });
const scheduled = (options?: optimizers.OptimizerOptions): Model =>
  compiled({ learningRate: exponentialDecay({ ...halving.options, decayRate: 0.9 }), ...options });

describe('training', () => {
  test('by a schedule is training by its values', async () => {
    const model = scheduled();
    const told = compiled({});
    const { learningRate } = model.optimizer.options;
    for (let step = 0; step < 4; step++) {
      told.optimizer.learningRate = (learningRate as optimizers.schedules.ExponentialDecay).at(step);
      await told.trainOnBatch(x, y);
    }
    await model.fit(x, y, { batchSize: 10, epochs: 2, shuffle: false });
    for (let step = 2; step < 4; step++) await model.trainOnBatch(x, y);
    expect(bits(model)).toEqual(bits(told));
  });

  test('goes on after a save as if there had been none', async () => {
    const options = { batchSize: 3, epochs: 4 };
    const whole = scheduled();
    await whole.fit(x, y, options);
    const first = scheduled();
    await first.fit(x, y, { ...options, epochs: 2 });
    const path = join(folder, 'half');
    await first.save(path);
    const second = await loadModel(path);
    expect(second.optimizer.getConfig()).toEqual(first.optimizer.getConfig());
    expect(second.optimizer.learningRate).toBe(first.optimizer.learningRate);
    await second.fit(x, y, { ...options, initialEpoch: 2 });
    expect(bits(second)).toEqual(bits(whole));
  });

  test('by a number that a callback assigned has no schedule any more', async () => {
    const next = vi.spyOn(native.NativeRun.prototype, 'next');
    const model = scheduled();
    let frozen: number[] = [];
    const onTrainBatchEnd = (batch: number): void => {
      if (batch !== 1) return;
      model.optimizer.learningRate = 0;
      frozen = bits(model);
    };
    await model.fit(x, y, { batchSize: 2, callbacks: [{ onTrainBatchEnd }] });
    const verdicts = next.mock.calls.map(([verdict]) => verdict.learningRate);
    next.mockRestore();
    expect(verdicts).toEqual([undefined, undefined, 0, undefined, undefined, undefined]);
    // Momentum carries the weights on.
    expect(bits(model)).not.toEqual(frozen);
    expect(model.optimizer.getConfig().learningRate).toBe(0);
    const path = join(folder, 'assigned');
    await model.save(path);
    expect((await loadModel(path)).optimizer.learningRate).toBe(0);
  });
});

describe('optimizer.learningRate', () => {
  test('is that of the next batch', async () => {
    const optimizer = optimizers.sgd({ learningRate: halving });
    expect(optimizer.learningRate).toBe(0.5);
    const model = regression().compile({ optimizer, loss: 'mse' });
    expect(optimizer.learningRate).toBe(0.5);
    const seen: number[] = [];
    const onTrainBatchEnd = (): void => {
      seen.push(model.optimizer.learningRate);
    };
    await model.fit(x, y, { batchSize: 5, epochs: 2, callbacks: [{ onTrainBatchEnd }] });
    expect(seen).toEqual([0.25, 0.125, 0.0625, 0.03125]);
    await model.trainOnBatch(x, y);
    expect(optimizer.learningRate).toBe(2 ** -6);
  });

  test('counts every batch where gradients accumulate', async () => {
    const model = scheduled({ learningRate: halving, gradientAccumulationSteps: 3 });
    await model.fit(x, y, { batchSize: 5, epochs: 2 });
    expect(model.optimizer.learningRate).toBe(2 ** -5);
  });

  test('takes the place of the schedule when it is assigned', () => {
    const optimizer = optimizers.adam({ learningRate: halving });
    optimizer.learningRate /= 2;
    expect([optimizer.learningRate, optimizer.getConfig().learningRate]).toEqual([0.25, 0.25]);
    expect(optimizer.options.learningRate).toBe(halving);
    expect(() => {
      optimizer.learningRate = halving as never;
    }).toThrow('learningRate must be a finite number ≥ 0, received ExponentialDecay');
  });
});

describe('a schedule', () => {
  test('is given ready-made, or by its config', () => {
    const config = halving.getConfig();
    expect(config).toEqual({ name: 'exponentialDecay', ...halving.options });
    const optimizer = optimizers.rmsprop({ learningRate: config as never });
    expect(optimizer.options.learningRate).toBeInstanceOf(optimizers.schedules.ExponentialDecay);
    expect(optimizer.getConfig().learningRate).toEqual(config);
    const spelled = optimizers.sgd({ learningRate: { ...config, name: 'exponential_decay' } as never });
    expect(spelled.getConfig().learningRate).toEqual(config);
  });

  test('is known by the name of its factory', () => {
    expect(Object.keys(factoriesOf(named))).toEqual(Object.keys(factoriesOf(optimizers.schedules)));
  });

  test('keeps lists of its own', () => {
    const values = [0.5, 0.25];
    const schedule = piecewiseConstantDecay({ boundaries: [2], values });
    values[0] = 9;
    expect([0, 2, 3].map((step) => schedule.at(step))).toEqual([0.5, 0.5, 0.25]);
    expect(schedule.options.values).toEqual([0.5, 0.25]);
  });
});
