/**
 * The same seed gives the same bits: for any number of threads, run after run, and after saving and loading midway.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  callbacks,
  constraints,
  layers,
  loadModel,
  type Model,
  optimizers,
  runtime,
  Sequential,
  setRandomSeed,
} from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { node } from '../support/child.js';
import { checkBuilt } from '../support/dist.js';
import { bits, numbers } from '../support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-same-'));
afterAll(() => rmSync(folder, { recursive: true }));

const script = fileURLToPath(new URL('../support/children/train.mjs', import.meta.url));

describe('threads', () => {
  beforeAll(() => checkBuilt());
  test.each(runtime().available)('on %s', async (isa) => {
    // Twice with the threads in another order, so that a run depends on none before it.
    const runs = [
      ['1', '2', '3', '16'],
      ['16', '1'],
    ].map((threads) => node([script, ...threads], { RIDGELINE_ISA: isa }));
    const seen: unknown[] = [];
    for (const { status, stdout, stderr } of await Promise.all(runs)) {
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const result = JSON.parse(stdout);
      expect(result.isa).toBe(isa);
      seen.push(...Object.values(result.results));
    }
    expect(seen).toHaveLength(6);
    for (const one of seen) expect(one).toEqual(seen[0]);
  });

  test('other seeds give other weights', () => {
    const weights = [1, 2].map((seed) => {
      setRandomSeed(seed);
      return bits(new Sequential([layers.input([4]), layers.dense(3)]));
    });
    expect(weights[0]).not.toEqual(weights[1]);
  });

  test('an unknown instruction set is an error that names the variable', async () => {
    const { status, stderr } = await node([script, '1'], { RIDGELINE_ISA: 'avx1024' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/RIDGELINE_ISA.*avx1024/);
  });

  test.each(['0', '65', 'two'])(
    'RIDGELINE_THREADS=%s is an error that names the variable',
    async (threads) => {
      const { status, stderr } = await node([script, '1'], { RIDGELINE_THREADS: threads });
      expect(status).toBe(1);
      expect(stderr).toMatch(new RegExp(`RIDGELINE_THREADS must be .*received ${threads}`));
    },
  );

  test('with a wrong RIDGELINE_THREADS a call rejects, works with threads of its own, and keeps no process', async () => {
    const wrong = { RIDGELINE_THREADS: 'two' };
    const { status, stdout, stderr } = await node([script.replace('train.mjs', 'threads.mjs')], wrong);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const calls = ['predict', 'evaluate', 'trainOnBatch', 'fit'];
    expect(stdout).toBe(calls.map((name) => `${name} ERR_ARGUMENT done\n`).join(''));
  });
});

describe('resuming', () => {
  const x = numbers(60, 5);
  const y = numbers(60, 1);
  const build = (optimizer: optimizers.OptimizerIdentifier, options: layers.DenseOptions = {}): Model => {
    setRandomSeed(3);
    return new Sequential([
      layers.input([5]),
      layers.dense(16, { kernelRegularizer: 'l2', ...options }),
      layers.batchNormalization(),
      layers.activation('relu'),
      layers.dropout(0.4),
      layers.dense(1),
    ]).compile({ optimizer, loss: 'mse' });
  };
  const fit = (model: Model, initialEpoch: number, epochs: number) =>
    model.fit(x, y, { initialEpoch, epochs, batchSize: 16, validationSplit: 0.25 });

  const { adam, adamW, sgd } = optimizers;
  // An epoch is 3 batches, so after 3 epochs stands the first of 2 and of 4.
  const everySecond = { gradientAccumulationSteps: 2, globalClipNorm: 0.5 };
  const everyFourth = { gradientAccumulationSteps: 4, clipNorm: 0.5 };
  const kernelConstraint = constraints.maxNorm(0.7);
  const both = { kernelConstraint, biasConstraint: constraints.nonNeg() };
  test.each<[string, () => Model]>([
    ['adam', () => build('adam')],
    ['rmsprop', () => build('rmsprop')],
    ['sgd', () => build('sgd')],
    ['constraints', () => build('adam', both)],
    ['half an average of gradients', () => build(sgd({ momentum: 0.9, ...everySecond }))],
    ['a quarter of one', () => build(adamW(everyFourth))],
    ['half of one, constraints and amsgrad', () => build(adam({ amsgrad: true, ...everySecond }), both)],
  ])('saved midway with %s, the rest is the same', async (name, make) => {
    const whole = make();
    const uninterrupted = await fit(whole, 0, 6);

    const first = make();
    await fit(first, 0, 3);
    const path = join(folder, name);
    await first.save(path);
    setRandomSeed(99);
    const resumed = await loadModel(path);
    const rest = await fit(resumed, 3, 6);

    expect(bits(resumed)).toEqual(bits(whole));
    expect(rest.epoch).toEqual([3, 4, 5]);
    for (const [key, values] of Object.entries(rest.history)) {
      expect(values, key).toEqual((uninterrupted.history as Record<string, number[]>)[key]?.slice(3));
    }
    // And the model that was saved goes on alike.
    await fit(first, 3, 6);
    expect(bits(first)).toEqual(bits(whole));
  });

  test.each<[string, optimizers.OptimizerIdentifier]>([
    ['', 'adam'],
    [', two thirds of an average', adam({ gradientAccumulationSteps: 3 })],
  ])('in the middle of a run, from a callback%s', async (_, optimizer) => {
    const path = join(folder, 'callback');
    const whole = build(optimizer);
    const onEpochEnd = async (epoch: number): Promise<void> => {
      if (epoch === 1) await whole.save(path);
    };
    await whole.fit(x, y, { epochs: 5, batchSize: 16, callbacks: [{ onEpochEnd }] });
    const resumed = await loadModel(path);
    await resumed.fit(x, y, { initialEpoch: 2, epochs: 5, batchSize: 16 });
    expect(bits(resumed)).toEqual(bits(whole));
  });

  test('early stopping goes on counting', async () => {
    const patience = 4;
    // A bound that nothing passes: every epoch after the first counts as one without improvement.
    const stop = () => [
      callbacks.earlyStopping({ monitor: 'loss', minDelta: 1000, patience }),
      callbacks.earlyStopping({ monitor: 'val_loss', mode: 'max', minDelta: 1000, patience: 100 }),
    ];
    const run = (model: Model, initialEpoch: number, epochs: number) =>
      model.fit(x, y, { initialEpoch, epochs, validationSplit: 0.25, callbacks: stop() });
    const whole = await run(build('adam'), 0, 20);
    expect(whole.epoch).toEqual([0, 1, 2, 3, 4]);

    const first = build('adam');
    await run(first, 0, 3);
    await first.save(join(folder, 'stopping'));
    const rest = await run(await loadModel(join(folder, 'stopping')), 3, 20);
    expect(rest.epoch).toEqual([3, 4]);
    expect(rest.history.loss).toEqual(whole.history.loss.slice(3));
  });
});
