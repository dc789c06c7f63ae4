/**
 * Bad moments: use after dispose, fit while fitting; what returns a promise never throws.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  callbacks,
  layers,
  loadModel,
  type Model,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { bits, expectFailure, expectTrains, failure, heavy, regression, x, y } from '../support/small.js';

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

  test('compile while fitting is ERR_BUSY, and the fit goes on', async () => {
    const model = regression();
    const { optimizer } = model;
    const compile = (): unknown => model.compile({ optimizer: 'sgd', loss: 'mae' });
    let inside: unknown;
    const onEpochEnd = async (epoch: number): Promise<void> => {
      if (epoch === 1) inside = await failure(compile);
    };
    const run = model.fit(x, y, { epochs: 4, callbacks: [{ onEpochEnd }] });
    await expectFailure(compile, 'ERR_BUSY', /model 'sequential' is being trained/);
    expect((await run).epoch).toEqual([0, 1, 2, 3]);
    expect(inside).toMatchObject({ code: 'ERR_BUSY' });
    expect(model.optimizer).toBe(optimizer);
    const twin = regression();
    await twin.fit(x, y, { epochs: 4 });
    expect(bits(model)).toEqual(bits(twin));
    await expectTrains(compile() as Model);
  });
});

describe('a loop that goes on and on', () => {
  /** Goes on for as long as `limit` says, and gives what it is given. */
  const net = (limit: number): Model => {
    setRandomSeed(7);
    const turns = (of: SymbolicTensor): SymbolicTensor =>
      ops.whileLoop(
        (state) => ops.greaterEqual(ops.sum(ops.abs(state)), 0),
        (state) => ops.add(state, 0),
        ops.stopGradient(of),
        { maximumIterations: limit },
      ) as SymbolicTensor;
    const looping = layers.lambda((of: SymbolicTensor) => ops.add(of, ops.mul(turns(of), 0)));
    return new Sequential([layers.input([4]), looping, layers.dense(1)]).compile({
      optimizer: 'adam',
      loss: 'mse',
    }) as Model;
  };
  const fit = (model: Model, options: object): Promise<unknown> =>
    model.fit(x, y, { batchSize: 5, epochs: 1, verbose: 0, ...options });

  const batches = (model: Model, options: object): Promise<unknown> =>
    model.fit(() => [{ x, y }], { epochs: 1, verbose: 0, ...options });

  test.each([
    ['abort', fit],
    ['dispose', fit],
    ['abort of batches', batches],
    ['dispose of batches', batches],
  ])('is left on %s, and no batch is half done', async (how, fit) => {
    const [model, twin, abort] = [net(2 ** 24), net(1), new AbortController()];
    const end = (): void => (how.startsWith('abort') ? abort.abort(new Error('enough')) : model.dispose());
    const started = performance.now();
    setTimeout(end, 100);
    await expect(fit(model, { signal: abort.signal })).rejects.toThrow(/enough|disposed/);
    expect(performance.now() - started).toBeLessThan(3000);
    if (how.startsWith('abort')) expect(bits(model)).toEqual(bits(twin));
  });
});

test.each<[string, (model: Model, source: () => AsyncGenerator<never>) => Promise<unknown>]>([
  ['evaluate', (model, source) => model.evaluate(source)],
  ['predict', (model, source) => model.predict(source)],
])('%s of data that never comes ends with the model', async (_, verb) => {
  const model = regression();
  const run = verb(model, async function* () {
    await new Promise(() => {});
  });
  await new Promise((resolve) => setTimeout(resolve, 20));
  model.dispose();
  await expect(run).rejects.toMatchObject({ code: 'ERR_DISPOSED' });
});

test('an abort while data is made ready ends the fit before it begins', async () => {
  const rows = tensor(new Float32Array(4e6), { shape: [1e6, 4] });
  const [model, abort] = [regression(), new AbortController()];
  const before = bits(model);
  const hooks: string[] = [];
  const fit = model.fit(rows, new Float32Array(1e6), {
    epochs: 1e6,
    signal: abort.signal,
    callbacks: [{ onTrainBegin: () => void hooks.push('onTrainBegin') }],
  });
  setImmediate(() => abort.abort(new Error('enough')));
  await expect(fit).rejects.toThrow('enough');
  // It may have begun all the same; then it has ended, and callbacks know.
  if (hooks.length === 0) expect(bits(model)).toEqual(before);
  await expectTrains(model);
});

const HOOKS = [
  'setModel',
  'onTrainBegin',
  'onEpochBegin',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onEpochEnd',
  'onTrainEnd',
];

describe('dispose ends a fit with ERR_DISPOSED', () => {
  const disposed = /model 'sequential' was disposed/;

  test.each([1, 1000])('right after the call, of %i epochs', async (epochs) => {
    const model = regression();
    const run = model.fit(x, y, { epochs });
    model.dispose();
    await expectFailure(() => run, 'ERR_DISPOSED', disposed);
  });

  test.each([0, 1, 5, 20])('after %i ms', async (delay) => {
    const { model, x, y } = heavy(512, 32);
    const run = failure(() => model.fit(x, y, { epochs: 1_000_000 }));
    await sleep(delay);
    model.dispose();
    expect(await run).toMatchObject({ name: 'RidgelineError', code: 'ERR_DISPOSED' });
  });

  test.each(HOOKS)('in %s', async (hook) => {
    for (const epochs of [1, 3]) {
      const model = regression();
      const callback = { [hook]: () => model.dispose() };
      await expectFailure(() => model.fit(x, y, { epochs, callbacks: [callback] }), 'ERR_DISPOSED', disposed);
    }
  });

  test.each(HOOKS)('in %s, whatever it throws', async (hook) => {
    const model = regression();
    const callback = {
      [hook]: () => {
        model.dispose();
        throw new Error('mine');
      },
    };
    const run = (): unknown => model.fit(x, y, { epochs: 2, callbacks: [callback] });
    await expectFailure(run, 'ERR_DISPOSED', disposed);
  });

  test('and whatever else is under way with it or not at all', async () => {
    const { model, x, y } = heavy(512, 64);
    const runs = [model.trainOnBatch(x, y), model.evaluate(x, y), model.predict(x)];
    model.dispose();
    for (const run of await Promise.allSettled(runs)) {
      if (run.status === 'rejected') expect(run.reason).toMatchObject({ code: 'ERR_DISPOSED' });
    }
  });
});

describe('a callback that never settles', () => {
  const never = (): Promise<void> => new Promise(() => {});
  // biome-ignore lint/suspicious/noThenProperty: promises of other libraries have one.
  const foreign = (): unknown => ({ then: () => {} });
  const pending = [
    ...HOOKS.map((hook) => ({ hook, what: 'a promise', make: never })),
    { hook: 'onEpochEnd', what: 'a promise of another library', make: foreign },
  ];
  const cases = ['abort', 'dispose'].flatMap((end) => pending.map((of) => ({ ...of, end })));

  // All at once: each has a grace to settle in.
  test.concurrent.each(cases)('$what in $hook does not hold $end', async ({ make, end, hook }) => {
    const reason = new Error('enough');
    const model = regression();
    const abort = new AbortController();
    const callback = {
      [hook]: () => {
        setImmediate(() => (end === 'abort' ? abort.abort(reason) : model.dispose()));
        return make();
      },
    };
    const options = { epochs: 2, callbacks: [callback] as never, signal: abort.signal };
    const run = failure(() => model.fit(x, y, options));
    const error = await Promise.race([run, sleep(2000, 'it is held')]);
    if (end === 'dispose') expect(error).toMatchObject({ code: 'ERR_DISPOSED' });
    else expect(error).toBe(reason);
    if (end === 'abort') await expectTrains(model);
  });
});
