/**
 * Bad moments: use after dispose, fit while fitting; what returns a promise never throws.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callbacks, loadModel, type Model, Sequential } from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { expectFailure, expectTrains, failure, heavy, regression, x, y } from '../support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-late-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** The asynchronous methods of a model. */
const bound = (m: Model): object => ({
  fit: m.fit.bind(m),
  evaluate: m.evaluate.bind(m),
  trainOnBatch: m.trainOnBatch.bind(m),
  predict: m.predict.bind(m),
  save: m.save.bind(m),
  export: m.export.bind(m),
});

describe('moments', () => {
  // biome-ignore lint/suspicious/noExplicitAny: every method is called the same way.
  const verbs: Record<string, (m: any) => unknown> = {
    fit: (m) => m.fit(x, y),
    evaluate: (m) => m.evaluate(x, y),
    trainOnBatch: (m) => m.trainOnBatch(x, y),
    predict: (m) => m.predict(x),
    save: (m) => m.save(file('gone')),
    export: (m) => m.export(),
  };
  test.each(Object.entries(verbs))('%s after dispose', async (_, verb) => {
    const model = regression();
    model.dispose();
    model.dispose();
    await expectFailure(() => verb(model), 'ERR_DISPOSED', /model 'sequential' was disposed/);
  });
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  const getters: Record<string, (m: any) => unknown> = {
    predictSync: (m) => m.predictSync(x),
    summary: (m) => m.summary(),
    getWeights: (m) => m.getWeights(),
    setWeights: (m) => m.setWeights([]),
    compile: (m) => m.compile({ loss: 'mse' }),
    weights: (m) => m.weights,
    inputs: (m) => m.inputs,
    optimizer: (m) => m.optimizer,
  };
  test.each(Object.entries(getters))('%s after dispose', async (_, get) => {
    const model = regression();
    model.dispose();
    await expectFailure(() => get(model), 'ERR_DISPOSED', /model 'sequential' was disposed/);
  });

  test.each(['fit', 'evaluate', 'trainOnBatch', 'predict', 'save', 'export', 'loadModel'])(
    '%s rejects and never throws',
    async (name) => {
      const disposed = regression();
      disposed.dispose();
      for (const model of [regression(), new Sequential([]), disposed]) {
        const verbs = { ...bound(model), loadModel } as Record<string, (...a: unknown[]) => unknown>;
        for (const wrong of [undefined, null, 3, '', Symbol('x'), [], { no: 1 }]) {
          if (name === 'export' && wrong == null) continue;
          const promise = verbs[name]?.(wrong, wrong, wrong);
          expect(promise).toBeInstanceOf(Promise);
          expect(await failure(() => promise), String(wrong)).toMatchObject({ name: 'RidgelineError' });
        }
      }
    },
  );

  test('fit while fitting is ERR_BUSY, and the first goes on', async () => {
    const model = regression();
    const first = model.fit(x, y, { epochs: 3 });
    await expectFailure(
      () => model.fit(x, y),
      'ERR_BUSY',
      /model 'sequential' is being trained; wait for fit to end/,
    );
    await expectFailure(() => model.trainOnBatch(x, y), 'ERR_BUSY', /is being trained/);
    expect((await first).epoch).toEqual([0, 1, 2]);
    await expectTrains(model);
  });

  test('dispose in the middle of a fit ends it', async () => {
    const { model, x, y } = heavy();
    const run = model.fit(x, y, { epochs: 1000, callbacks: [{ onEpochEnd: () => model.dispose() }] });
    await expectFailure(() => run, 'ERR_DISPOSED', /was disposed/);
    await expectTrains(regression());
  });

  test('an error of a callback that is thrown at the beginning', async () => {
    const model = regression();
    const bad = {
      onTrainBegin: () => {
        throw new TypeError('mine');
      },
    };
    expect(
      await failure(() => model.fit(x, y, { callbacks: [bad, callbacks.terminateOnNaN()] })),
    ).toMatchObject({ message: 'mine' });
    await expectTrains(model);
  });
});
