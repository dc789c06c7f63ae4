/**
 * Going on from a file: to the same bits as a run that was never interrupted, with what is one's own by name.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Callback,
  type CallbackLike,
  callbacks,
  constraints,
  Layer,
  type LayerOptions,
  layers,
  loadModel,
  losses,
  type Model,
  metrics,
  ops,
  optimizers,
  regularizers,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
  type Weight,
} from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Block, Scale } from './support/layers.js';
import { bits, expectFailure, numbers, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-resume-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = (): string => join(folder, `${files++}`);
async function again(model: Model, options?: Parameters<typeof loadModel>[1]): Promise<Model> {
  const path = newFile();
  await model.save(path);
  return loadModel(path, options);
}

describe('training goes on from the end of an epoch', () => {
  const EPOCHS = 8;
  const rows = numbers(60, 6);
  const targets = Float32Array.from({ length: 60 }, (_, i) => 1 + (i % 7) / 7);
  // Predictions begin at 0 and pass a third of the targets on their way, so the best epoch lies in between.
  const thirds = targets.map((t) => t / 3);

  function model(): Model {
    setRandomSeed(3);
    return new Sequential([
      layers.input([6]),
      layers.dense(16, { activation: 'relu' }),
      layers.batchNormalization({ momentum: 0.5 }),
      layers.dropout(0.3),
      layers.dense(1, { kernelInitializer: 'zeros' }),
    ]).compile({
      optimizer: { name: 'adam', learningRate: 0.02 } as never,
      loss: 'mse',
      metrics: ['mae'],
    }) as Model;
  }

  const order = (where: string, one: Callback, stopping: Callback): Callback[] =>
    where === 'before' ? [one, stopping] : [stopping, one];

  async function train(of: Model, patience: number, where: string, path?: string, initialEpoch = 0) {
    const stopping = callbacks.earlyStopping({ monitor: 'val_loss', restoreBestWeights: true, patience });
    class Save extends Callback {
      override async onEpochEnd(epoch: number): Promise<void> {
        if (path !== undefined) await this.model.save(`${path}-${epoch}`);
      }
    }
    const { epoch, history } = await of.fit(rows, targets, {
      epochs: EPOCHS,
      initialEpoch,
      batchSize: 16,
      shuffle: true,
      validationData: [rows, thirds],
      callbacks: order(where, new Save(), stopping),
    });
    const { stoppedEpoch, bestEpoch, best } = stopping;
    return {
      fit: { epoch, history },
      end: { weights: bits(of), history: of.history, next: of.epoch, stoppedEpoch, bestEpoch, best },
    };
  }

  describe.each([
    ['that early stopping ends', 2],
    ['that runs to its end', 99],
  ])('of a run %s', (_, patience) => {
    describe.each(['before', 'after'])('saved by a callback that stands %s early stopping', (where) => {
      let path: string;
      let whole: Awaited<ReturnType<typeof train>>;
      beforeAll(async () => {
        path = newFile();
        whole = await train(model(), patience, where, path);
      });

      test('the run is one that tells something', () => {
        const { bestEpoch, stoppedEpoch } = whole.end;
        const last = whole.fit.epoch.at(-1) as number;
        expect(bestEpoch).toBeGreaterThan(0);
        expect(bestEpoch).toBeLessThan(last - 1);
        expect(stoppedEpoch).toBe(patience === 2 ? last : 0);
      });

      test.for(Array.from({ length: EPOCHS }, (_, k) => k))('epoch %i', async (k, { skip }) => {
        const { epoch, history } = whole.fit;
        skip(k >= epoch.length);
        const loaded = await loadModel(`${path}-${k}`);
        const until = (values: readonly number[]): number[] => values.slice(0, k + 1);
        expect(loaded.epoch).toBe(k + 1);
        expect(loaded.history.epoch).toEqual(until(epoch));
        const sofar = Object.entries(history).map(([key, values]) => [key, until(values)]);
        expect(loaded.history.history).toEqual(Object.fromEntries(sofar));
        const rest = await train(loaded, patience, where, undefined, loaded.epoch);
        expect(rest.end).toEqual(whole.end);
        expect(rest.fit.epoch).toEqual(epoch.slice(k + 1));
      });

      test('also when it is loaded and saved again between', async () => {
        const loaded = await again(await again(await loadModel(`${path}-2`)));
        expect((await train(loaded, patience, where, undefined, loaded.epoch)).end).toEqual(whole.end);
      });
    });
  });

  test('with two early stoppings that watch one number, each in its own way', async () => {
    const both = (): ReturnType<typeof callbacks.earlyStopping>[] =>
      [2, 3].map((patience) => callbacks.earlyStopping({ monitor: 'loss', patience, minDelta: 1000 }));
    const [first, second] = [model(), both()];
    await first.fit(rows, targets, { epochs: 2, callbacks: second });
    const resumed = both();
    const { epoch } = await (await again(first)).fit(rows, targets, {
      epochs: 9,
      initialEpoch: 2,
      callbacks: resumed,
    });
    expect(epoch).toEqual([2]);
    expect(resumed.map(({ stoppedEpoch }) => stoppedEpoch)).toEqual([2, 0]);
  });

  test('with the state of weights that are frozen for now', async () => {
    const train = async (between: (of: Model) => Promise<Model>): Promise<number[]> => {
      let of = model();
      await of.fit(rows, targets, { epochs: 2 });
      (of.layers[0] as Layer).trainable = false;
      of = await between(of);
      (of.layers[0] as Layer).trainable = true;
      await of.fit(rows, targets, { epochs: 2 });
      return bits(of);
    };
    expect(await train(again)).toEqual(await train(async (of) => of));
  });

  test.each(['in memory', 'in batches'])(
    'after an abort at the end of an epoch, with data %s',
    async (how) => {
      const fit = (of: Model, options: object): Promise<unknown> =>
        how === 'in memory'
          ? of.fit(rows, targets, options)
          : of.fit(() => [{ x: rows, y: targets }], options);
      const [whole, parts, abort] = [model(), model(), new AbortController()];
      await fit(whole, { epochs: 4 });
      const stop = {
        onEpochEnd: (epoch: number): void => void (epoch === 1 && abort.abort(new Error('enough'))),
      };
      await expect(fit(parts, { epochs: 4, signal: abort.signal, callbacks: [stop] })).rejects.toThrow(
        'enough',
      );
      expect(parts.epoch).toBe(2);
      await fit(parts, { initialEpoch: 2, epochs: 4 });
      expect(bits(parts)).toEqual(bits(whole));
    },
  );

  test('epoch and history of a model that was not trained', async () => {
    const loaded = await again(model());
    expect([loaded.epoch, loaded.history]).toEqual([0, { epoch: [], history: {} }]);
  });

  test('NaN and infinity in the history', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => {});
    const diverging = regression();
    diverging.optimizer.learningRate = 1e30;
    await diverging.fit(x, y, { epochs: 4 });
    const { history } = diverging.history;
    expect(history.loss).toContainEqual(Number.NaN);
    expect(history.loss).toContain(Number.POSITIVE_INFINITY);
    expect((await again(diverging)).history).toEqual(diverging.history);
  });
});

describe('training goes on from within an epoch', () => {
  const [rows, targets] = [numbers(50, 4), numbers(50, 1)];
  const made = (): Model => {
    setRandomSeed(7);
    return new Sequential([
      layers.input([4]),
      layers.dense(8, { activation: 'relu' }),
      layers.dropout(0.3),
      layers.dense(1),
    ]).compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] }) as Model;
  };
  const EPOCHS = { epochs: 3, verbose: 0 } as const;
  const fits: Record<string, (of: Model, options: object) => Promise<unknown>> = {
    'in memory': (of, options) =>
      of.fit(rows, targets, { ...EPOCHS, batchSize: 8, validationSplit: 0.2, ...options }),
    'in batches': (of, options) => {
      const batches = [0, 8, 16, 24, 32].map((at) => {
        return { x: rows.rows(at, at + 8), y: targets.rows(at, at + 8) };
      });
      const held = [rows.rows(40, 50), targets.rows(40, 50)] as const;
      return of.fit(() => batches, { ...EPOCHS, validationData: held, ...options } as never);
    },
  };
  const hooks = [
    'onEpochBegin',
    'onTrainBatchBegin',
    'onTrainBatchEnd',
    'onTestBegin',
    'onTestBatchBegin',
    'onTestBatchEnd',
    'onTestEnd',
    'onEpochEnd',
  ] as const;

  describe.each(Object.entries(fits))('data %s', (_, fit) => {
    let whole: Model;
    beforeAll(async () => {
      whole = made();
      await fit(whole, {});
    });

    test.for(hooks.flatMap((hook) => [1, 2, 3, 5].map((nth) => [hook, nth] as const)))(
      'saved in %s, call %i',
      async ([hook, nth], { skip }) => {
        const [cut, path] = [made(), newFile()];
        let calls = 0;
        const save = async (): Promise<void> => {
          if (++calls === nth) await cut.save(path);
        };
        await fit(cut, { callbacks: [{ [hook]: save }] });
        // Not every hook is called so often.
        skip(calls < nth);
        const loaded = await loadModel(path);
        await fit(loaded, { initialEpoch: loaded.epoch });
        expect(bits(loaded)).toEqual(bits(whole));
        expect(loaded.history).toEqual(whole.history);
      },
    );
  });

  test('only the epoch that it stood in, with batches as they were, and before anything else was trained', async () => {
    const fit = fits['in memory'] as (of: Model, options: object) => Promise<unknown>;
    const [cut, path] = [made(), newFile()];
    let calls = 0;
    const onTrainBatchEnd = async (): Promise<void> => {
      if (++calls === 3) await cut.save(path);
    };
    await fit(cut, { callbacks: [{ onTrainBatchEnd }] });
    const batchesOf = async (options: object, before?: (of: Model) => Promise<unknown>): Promise<number> => {
      const loaded = await loadModel(path);
      await before?.(loaded);
      let batches = 0;
      await fit(loaded, { epochs: 1, callbacks: [{ onTrainBatchEnd: () => void batches++ }], ...options });
      return batches;
    };
    expect(await batchesOf({ initialEpoch: 0 })).toBe(2);
    expect(await batchesOf({})).toBe(5);
    expect(await batchesOf({ initialEpoch: 1, epochs: 2 })).toBe(5);
    expect(await batchesOf({ initialEpoch: 0, batchSize: 4 })).toBe(10);
    expect(await batchesOf({ initialEpoch: 0 }, (of) => of.trainOnBatch(rows, targets))).toBe(5);
    expect(await batchesOf({ initialEpoch: 0 }, (of) => fit(of, {}))).toBe(5);
  });
});

describe('losses and metrics with options', () => {
  const labels = Float32Array.from({ length: 10 }, (_, i) => i % 2);
  test('give the same numbers', async () => {
    const build = (loss: losses.Loss, metric: metrics.Metric): Model => {
      setRandomSeed(5);
      const dense = layers.dense(1, { activation: 'sigmoid' });
      return new Sequential([layers.input([4]), dense]).compile({ loss, metrics: [metric] }) as Model;
    };
    const model = build(
      losses.binaryCrossentropy({ labelSmoothing: 0.1 }),
      metrics.binaryAccuracy({ threshold: 0.3 }),
    );
    const without = build(losses.binaryCrossentropy(), metrics.binaryAccuracy());
    const [numbers, others] = [await model.evaluate(x, labels), await without.evaluate(x, labels)];
    expect(numbers.loss).not.toBe(others.loss);
    expect(numbers.binary_accuracy).not.toBe(others.binary_accuracy);
    const loaded = await again(model);
    expect(await loaded.evaluate(x, labels)).toEqual(numbers);
    await model.fit(x, labels, { epochs: 2 });
    await loaded.fit(x, labels, { epochs: 2 });
    expect(bits(loaded)).toEqual(bits(model));
  });
});

/** `(yTrue, yPred)` to |difference|^1.5, a value for each sample. */
function distance(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return ops.mean(ops.pow(ops.abs(ops.sub(a, b)), 1.5), { axis: -1 });
}
const bent = (v: SymbolicTensor): SymbolicTensor => ops.mul(ops.tanh(v), 2);
const cubes = (w: SymbolicTensor): SymbolicTensor => ops.sum(ops.pow(ops.abs(w), 3));

class Power extends Layer {
  static override readonly className = 'Power';
  readonly exponent: number;
  readonly after: (v: SymbolicTensor) => SymbolicTensor;
  constructor(config: LayerOptions & { exponent: number; after: (v: SymbolicTensor) => SymbolicTensor }) {
    super(config);
    this.exponent = config.exponent;
    this.after = config.after;
  }
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.after(ops.pow(ops.abs(v), this.exponent));
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), exponent: this.exponent, after: this.after };
  }
}

describe('functions and layers of one’s own, by name', () => {
  const dense = (options: Partial<layers.DenseOptions> = {}): layers.Dense => layers.dense(1, options);
  const of = (layer: Layer): Model => new Sequential([layers.input([4]), layer]);
  const compiled = (layer: Layer, options: object): Model =>
    of(layer).compile({ optimizer: 'sgd', loss: 'mse', ...options } as never) as Model;

  const cases: [string, () => Model, Record<string, unknown>][] = [
    ['a loss', () => compiled(dense(), { loss: distance }), { distance }],
    ['a metric', () => compiled(dense(), { metrics: ['mae', distance] }), { distance }],
    ['a weighted metric', () => compiled(dense(), { weightedMetrics: [distance] }), { distance }],
    ['an activation', () => compiled(dense({ activation: bent }), {}), { bent }],
    ['a regularizer', () => compiled(dense({ kernelRegularizer: cubes }), {}), { cubes }],
    ['a regularizer of activities', () => compiled(dense({ activityRegularizer: cubes }), {}), { cubes }],
    [
      'a layer with options, one of them a function',
      () =>
        new Sequential([
          layers.input([4]),
          new Power({ exponent: 1.5, after: bent }),
          layers.dense(1),
        ]).compile({ optimizer: 'sgd', loss: 'mse' }) as Model,
      { Power, bent },
    ],
    [
      'all of them',
      () =>
        new Sequential([
          layers.input([4]),
          new Power({ exponent: 2, after: bent }),
          new Block({ units: 3 }),
          dense({ activation: bent, kernelRegularizer: cubes }),
        ]).compile({ optimizer: 'adam', loss: distance, metrics: [distance] }) as Model,
      { Power, Block, bent, cubes, distance },
    ],
  ];

  test.each(cases)('%s', async (_, build, custom) => {
    setRandomSeed(9);
    const model = build();
    await model.fit(x, y, { epochs: 2 });
    const loaded = await again(model, { custom });
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    expect(loaded.predictSync(x)).toEqual(model.predictSync(x));
    await model.fit(x, y, { epochs: 2 });
    await loaded.fit(x, y, { epochs: 2 });
    expect(bits(loaded)).toEqual(bits(model));
    expect(loaded.history).toEqual(model.history);
    // What was loaded is saved like what was made.
    expect(bits(await again(loaded, { custom }))).toEqual(bits(model));
  });

  test.each(
    cases.flatMap(([what, build, custom]) => Object.keys(custom).map((name) => [what, name, build, custom])),
  )('%s: without %s', async (_, name, build, custom) => {
    const { [name as string]: _left, ...rest } = custom as Record<string, unknown>;
    const model = (build as () => Model)();
    await expectFailure(() => again(model, { custom: rest }), 'ERR_ARGUMENT', new RegExp(`'${name}'`));
  });

  const nameless = (
    () => (a: SymbolicTensor, b: SymbolicTensor) =>
      distance(a, b)
  )();
  const namelessOne = (
    () => (v: SymbolicTensor) =>
      bent(v)
  )();
  const called = <F extends (...args: never[]) => unknown>(name: string, function_: F): F =>
    Object.defineProperty(((...args: never[]) => function_(...args)) as F, 'name', { value: name });

  test.each<[string, () => Model, RegExp]>([
    ['a loss without a name', () => compiled(dense(), { loss: nameless }), /loss/],
    ['a metric without a name', () => compiled(dense(), { metrics: [nameless] }), /metric/],
    ['an activation without a name', () => of(dense({ name: 'd', activation: namelessOne })), /'d'/],
    ['a regularizer without a name', () => of(dense({ name: 'd', kernelRegularizer: namelessOne })), /'d'/],
    [
      'a loss called as one',
      () => compiled(dense(), { loss: called('meanSquaredError', distance) }),
      /'meanSquaredError'/,
    ],
    [
      'a metric called as one',
      () => compiled(dense(), { metrics: [called('accuracy', distance)] }),
      /'accuracy'/,
    ],
    ['an activation called as one', () => of(dense({ activation: called('relu', bent) })), /'relu'/],
    ['a regularizer called as one', () => of(dense({ kernelRegularizer: called('l2', cubes) })), /'l2'/],
    [
      'two activations with one name',
      () =>
        new Sequential([
          layers.input([4]),
          dense({ activation: bent }),
          dense({ activation: called('bent', (v: SymbolicTensor) => ops.exp(v)) }),
        ]),
      /'bent'/,
    ],
    [
      'a loss and a metric with one name',
      () => compiled(dense(), { loss: distance, metrics: [called('distance', (a, _b) => ops.abs(a))] }),
      /'distance'/,
    ],
  ])('%s is refused', async (_, build, says) => {
    const path = newFile();
    await expectFailure(() => build().save(path), 'ERR_ARGUMENT', says);
    expect(existsSync(path)).toBe(false);
  });
});

/** Multiplies by a number that its config forgets, at all times or in training only. */
class Forgetful extends Layer {
  static override readonly className: string = 'Forgetful';
  readonly factor: number;
  readonly kept: boolean;
  constructor(config: LayerOptions & { factor?: number; kept?: boolean } = {}) {
    super(config);
    this.factor = config.factor ?? 1;
    this.kept = config.kept ?? false;
  }
  override call(v: SymbolicTensor): SymbolicTensor {
    return ops.mul(v, this.factor);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...(this.kept ? { factor: this.factor, kept: true } : {}) };
  }
}
class InTraining extends Forgetful {
  static override readonly className = 'InTraining';
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.isTraining ? super.call(v) : v;
  }
}
class Constant extends Forgetful {
  static override readonly className = 'Constant';
  readonly row = tensor(new Float32Array(4).fill(this.factor));
  override call(v: SymbolicTensor): SymbolicTensor {
    return ops.add(v, this.row);
  }
}
class Wide extends Forgetful {
  static override readonly className = 'Wide';
  readonly dense = layers.dense(3 * this.factor);
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.dense(v) as SymbolicTensor;
  }
}
class Dropped extends Forgetful {
  static override readonly className = 'Dropped';
  readonly drop = layers.dropout(this.factor / 10);
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.drop(v) as SymbolicTensor;
  }
}
/** What it computes is the same, what it costs is not. */
class Penalized extends Forgetful {
  static override readonly className = 'Penalized';
  readonly dense = layers.dense(4, { kernelRegularizer: regularizers.l2(this.factor) });
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.dense(v) as SymbolicTensor;
  }
}
/** What it computes is the same, how it trains is not. */
class Constrained extends Forgetful {
  static override readonly className = 'Constrained';
  readonly dense = layers.dense(4, { kernelConstraint: constraints.maxNorm(this.factor / 10) });
  override call(v: SymbolicTensor): SymbolicTensor {
    return this.dense(v) as SymbolicTensor;
  }
}
class Untrained extends Forgetful {
  static override readonly className = 'Untrained';
  #factor!: Weight;
  override build(shape: Shape): void {
    const trainable = this.factor === 1;
    this.#factor = this.addWeight('factor', { shape: [shape.at(-1) ?? null], trainable });
  }
  override call(v: SymbolicTensor): SymbolicTensor {
    return ops.mul(v, this.#factor);
  }
}
/** An inner normalization that is frozen as it is made. */
class Frozen extends Forgetful {
  static override readonly className = 'Frozen';
  readonly dense = layers.dense(4);
  readonly norm = layers.batchNormalization({ trainable: false, epsilon: this.factor / 100 });
  readonly shift = tensor([[1, 2, 3, 4]]);
  override call(v: SymbolicTensor): SymbolicTensor {
    return ops.add(this.norm(this.dense(v) as SymbolicTensor) as SymbolicTensor, this.shift);
  }
}
/** Asks for a config and has no default for it. */
class Demanding extends Layer {
  static override readonly className = 'Demanding';
  readonly by: number;
  constructor(config: LayerOptions & { by: { value: number } }) {
    super(config);
    this.by = config.by.value;
  }
  override call(v: SymbolicTensor): SymbolicTensor {
    return ops.add(v, this.by);
  }
}

describe('a config that is not whole', () => {
  const of = (layer: Layer): Model =>
    new Sequential([layers.input([4]), layer, layers.dense(1)]).compile({ loss: 'mse' }) as Model;
  const classes = {
    Forgetful,
    InTraining,
    Constant,
    Wide,
    Dropped,
    Penalized,
    Constrained,
    Untrained,
    Frozen,
  };

  test.each(Object.entries(classes))('%s', async (_, make) => {
    const path = newFile();
    const forgot = of(new make({ name: 'mine', factor: 2 }));
    await expectFailure(() => forgot.save(path), 'ERR_ARGUMENT', /'mine'.*getConfig/);
    expect(existsSync(path)).toBe(false);
    // The default is what it is made again with.
    expect(bits(await again(of(new make({ factor: 1 })), { custom: classes }))).not.toEqual([]);
    const whole = of(new make({ factor: 2, kept: true }));
    await whole.fit(x, y);
    const loaded = await again(whole, { custom: classes });
    expect(loaded.predictSync(x)).toEqual(whole.predictSync(x));
    await whole.fit(x, y);
    await loaded.fit(x, y);
    expect(bits(loaded)).toEqual(bits(whole));
  });

  test('one that its constructor cannot do with', async () => {
    const model = of(new Demanding({ name: 'mine', by: { value: 1 } }));
    await expectFailure(() => model.save(newFile()), 'ERR_ARGUMENT', /'mine'/);
  });

  test.each<[string, () => Layer]>([
    ['inner layers', () => new Block({ units: 3 })],
    [
      'inner layers that are frozen later',
      () => {
        const block = new Block({ units: 3 });
        block(numbers(2, 4));
        block.layers[1]!.trainable = false;
        return block;
      },
    ],
    ['an inner layer that is frozen with all around it', () => new Block({ units: 3, trainable: false })],
    ['weights of its own', () => new Scale()],
  ])('a whole one: %s', async (_, make) => {
    setRandomSeed(8);
    const model = of(make());
    await model.fit(x, y);
    const loaded = await again(model, { custom: { Block, Scale } });
    expect(loaded.trainableWeights.map((w) => w.path)).toEqual(model.trainableWeights.map((w) => w.path));
    await model.fit(x, y);
    await loaded.fit(x, y);
    expect(bits(loaded)).toEqual(bits(model));
  });
});

test('saving leaves random numbers as they were', async () => {
  const make = (): Model =>
    new Sequential([
      layers.input([4]),
      new Block({ units: 4 }),
      layers.dropout(0.5),
      layers.dense(1),
    ]).compile({
      loss: 'mse',
    }) as Model;
  async function two(between: (first: Model) => Promise<unknown>): Promise<unknown> {
    setRandomSeed(6);
    const first = make();
    await between(first);
    const second = make();
    await first.fit(x, y, { epochs: 2 });
    await second.fit(x, y, { epochs: 2 });
    return [bits(first), bits(second), second.randomSeed];
  }
  const without = await two(async () => {});
  expect(await two((first) => first.save(newFile()))).toEqual(without);
});

describe('what a file was written before', () => {
  const held = { epochs: 8, batchSize: 8, validationSplit: 0.3, verbose: 0 } as const;
  const [rows, labels] = [numbers(40, 4), numbers(40, 1)];
  const fitted = (model: Model, all: readonly CallbackLike[], initialEpoch = 0) =>
    model.fit(rows, labels, { ...held, initialEpoch, callbacks: [...all] });
  const net = (seed: number): Model => {
    setRandomSeed(seed);
    const stack = [layers.input([4]), layers.dense(8, { activation: 'tanh' }), layers.dense(1)];
    return new Sequential(stack).compile({ optimizer: optimizers.adam({ learningRate: 0.1 }), loss: 'mse' });
  };
  const killed = (epoch: number): CallbackLike => ({
    onEpochBegin: (at) => {
      if (at === epoch) throw new Error('killed');
    },
  });

  test.each([1, 2, 3])('early stopping and a second checkpoint go on from epoch %i', async (cut) => {
    for (const seed of [1, 2, 3, 4]) {
      const [file, best] = [join(folder, `last-${cut}-${seed}`), join(folder, `best-${cut}-${seed}`)];
      const all = (own: string): CallbackLike[] => [
        callbacks.modelCheckpoint(file, { monitor: 'loss' }),
        callbacks.modelCheckpoint(own, { saveBestOnly: true }),
        callbacks.earlyStopping({ patience: 3, restoreBestWeights: true }),
      ];
      const whole = net(seed);
      await fitted(whole, all(`${best}-whole`));
      await expect(fitted(net(seed), [...all(best), killed(cut)])).rejects.toThrow('killed');
      const resumed = await loadModel(file);
      await fitted(resumed, all(best), resumed.epoch);
      expect(resumed.getWeights()).toEqual(whole.getWeights());
      const [expected, found] = [await loadModel(`${best}-whole`), await loadModel(best)];
      expect(found.getWeights()).toEqual(expected.getWeights());
    }
  });

  test('equal callbacks go on each with its own', async () => {
    const file = join(folder, 'equal');
    const all = (): CallbackLike[] => [
      callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 1 }),
      callbacks.reduceLROnPlateau({ patience: 1, factor: 0.5, minDelta: 1 }),
      callbacks.modelCheckpoint(file, { monitor: 'loss' }),
    ];
    const whole = net(5);
    await fitted(whole, all());
    await expect(fitted(net(5), [...all(), killed(3)])).rejects.toThrow('killed');
    const resumed = await loadModel(file);
    await fitted(resumed, all(), 3);
    expect(resumed.optimizer.learningRate).toBe(whole.optimizer.learningRate);
    expect(resumed.getWeights()).toEqual(whole.getWeights());
  });
});

test('an epoch that ended with its last batch has its metrics, where no batch comes any more', async () => {
  const made = (): Model =>
    new Sequential([layers.input([4]), layers.dense(1)]).compile({
      loss: 'mse',
      metrics: ['mae', 'r2Score'],
    });
  const source = () => [0, 5].map((from) => ({ x: x.rows(from, from + 5), y: y.slice(from, from + 5) }));
  const path = newFile();
  const model = made();
  const { history } = await model.fit(source, {
    verbose: 0,
    callbacks: [{ onTrainBatchEnd: (batch) => (batch === 1 ? model.save(path) : undefined) }],
  });
  const found = await loadModel(path);
  await found.fit(source, { verbose: 0, initialEpoch: found.epoch });
  expect(found.history.history).toEqual(history);
});
