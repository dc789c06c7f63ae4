/**
 * Options: what the compiler holds of a table against its interface, and what is made of what was given.
 */
import { constraints, initializers, losses, metrics, ops, optimizers, regularizers } from 'ridgeline';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { NamedActivation } from '../src/activations/identifier.js';
import * as core from '../src/core/options.js';
import { factoryName } from '../src/layers/naming.js';
import {
  activation,
  boolean,
  initializer,
  integer,
  type KernelOptions,
  type LayerOptions,
  rate,
  type Settled,
  type Table,
  weight,
} from '../src/layers/options.js';

interface Sample extends LayerOptions, KernelOptions {
  readonly units: number;
  readonly share?: number | undefined;
  readonly mode?: 'left' | 'right' | undefined;
  readonly seed?: number | null | undefined;
  readonly activation?: Parameters<typeof activation>[0] | undefined;
  readonly alphaInitializer?: Parameters<typeof initializer>[0] | undefined;
}

const sample = {
  units: integer(1),
  share: rate(0.5),
  mode: core.oneOf(['left', 'right'], 'left'),
  seed: integer(0, null),
  activation: activation(),
  kernel: weight('zeros'),
  alpha: { initializer: initializer('ones') },
};

describe('a table', () => {
  test('is held against its interface', () => {
    const tables: Table<Sample>[] = [sample];
    const { units: _, ...without } = sample;
    // @ts-expect-error: `units` is missing.
    tables.push(without);
    // @ts-expect-error: there is no `unit`.
    tables.push({ ...sample, unit: integer(1) });
    // @ts-expect-error: `share` is a number.
    tables.push({ ...sample, share: boolean(true) });
    // @ts-expect-error: `share` may be left out.
    tables.push({ ...sample, share: rate() });
    // @ts-expect-error: `share` has a value when it is left out.
    tables.push({ ...sample, share: rate(null) });
    // @ts-expect-error: `units` must be given.
    tables.push({ ...sample, units: integer(1, 3) });
    // @ts-expect-error: `mode` also takes 'right'.
    tables.push({ ...sample, mode: core.oneOf(['left'], 'left') });
    // @ts-expect-error: the default is none of the names.
    core.oneOf(['left', 'right'], 'up');
    // @ts-expect-error: `kernel` has three options.
    tables.push({ ...sample, kernel: { initializer: initializer('zeros') } });
    // @ts-expect-error: `alpha` has no constraint.
    tables.push({ ...sample, alpha: weight('zeros') });
    expect(tables.length).toBeGreaterThan(1);
  });

  test('gives checked options their types', () => {
    expectTypeOf<Settled<Sample>['mode']>().toEqualTypeOf<'left' | 'right'>();
    expectTypeOf<Settled<Sample>['seed']>().toEqualTypeOf<number | undefined>();
    expectTypeOf<Settled<Sample>['activation']>().toEqualTypeOf<NamedActivation>();
    expectTypeOf<keyof Settled<Sample>['kernel']>().toEqualTypeOf<
      'initializer' | 'regularizer' | 'constraint'
    >();
    expectTypeOf<keyof Settled<Sample>['alpha']>().toEqualTypeOf<'initializer'>();
  });
});

describe('what was given', () => {
  const collect = (...given: unknown[]) => core.collect('options', sample, given);
  const settle = (given: object) => core.settle<Settled<Sample>>('sample', sample, [given]);

  test('stands by position, by name, or both', () => {
    expect(collect(3)).toEqual({ units: 3 });
    expect(collect(3, undefined)).toEqual({ units: 3 });
    expect(collect(3, { share: 0 })).toEqual({ units: 3, share: 0 });
    expect(collect({ units: 3 })).toEqual({ units: 3 });
    expect(collect()).toEqual({});
    expect(() => collect(3, 4)).toThrow('options must be an object, received 4');
    expect(() => collect(3, null)).toThrow('options must be an object, received null');
  });

  test('is checked, with defaults for what was left out', () => {
    const settled = settle({ units: 3, mode: 'right' });
    expect(settled).toMatchObject({ units: 3, share: 0.5, mode: 'right', seed: undefined });
    expect(settled.kernel.initializer.getConfig()).toEqual({ name: 'zeros' });
    expect(() => settle({})).toThrow('units must be an integer ≥ 1, received undefined');
    expect(() => settle({ units: 3, mode: 'up' })).toThrow(
      "mode must be one of 'left', 'right', received 'up'",
    );
    expect(() => settle({ unit: 3 })).toThrow("sample has no option 'unit'; did you mean 'units'?");
    expect(() => settle({ kernel_initializer: 3 })).toThrow("did you mean 'kernelInitializer'?");
    expect(() => settle({ units: 3, zzz: 1 })).toThrow(
      "sample has no option 'zzz'; it has units, share, mode, seed, activation, kernelInitializer, " +
        'kernelRegularizer, kernelConstraint, alphaInitializer',
    );
  });

  test('is saved so that it settles to the same', () => {
    const given = { units: 3, activation: 'tanh', kernelRegularizer: 'l2', kernelConstraint: 'non_neg' };
    const saved = core.save(sample, settle(given));
    expect(saved).toMatchObject({
      ...given,
      kernelRegularizer: { name: 'l2', l2: 0.01 },
      kernelConstraint: { name: 'nonNeg' },
      alphaInitializer: { name: 'ones' },
    });
    expect(core.save(sample, settle(JSON.parse(JSON.stringify(saved))))).toEqual(saved);
  });

  test('may say that there shall be no value', () => {
    const table = { bound: core.nullable(core.number(2)) };
    const bound = (given: object) => core.settle<{ bound: number | undefined }>('t', table, [given]);
    expect(bound({}).bound).toBe(2);
    expect(bound({ bound: null }).bound).toBeUndefined();
    expect(bound(core.save(table, bound({ bound: null }))).bound).toBeUndefined();
  });
});

describe('everything that takes options', () => {
  const makers: Record<string, readonly [given: object, make: (given: never) => { getConfig?(): unknown }]> =
    {
      maxNorm: [{ maxValue: 3, axis: [0, 1] }, constraints.maxNorm],
      minMaxNorm: [{ minValue: 1, maxValue: 3, rate: 0.5, axis: [0, 1] }, constraints.minMaxNorm],
      unitNorm: [{ axis: [0, 1] }, constraints.unitNorm],
      nonNeg: [{}, constraints.nonNeg],
      l1: [{ l1: 0.2 }, regularizers.l1],
      l1L2: [{ l1: 0.2, l2: 0 }, regularizers.l1L2],
      orthogonal: [{ factor: 0.2, mode: 'columns' }, regularizers.orthogonal],
      circle: [{ gamma: 20, margin: 0.2, removeDiagonal: false, reduction: 'sum' }, losses.circle],
      constant: [{ value: 2 }, initializers.constant],
      truncatedNormal: [{ mean: 1, stddev: 2, seed: 3 }, initializers.truncatedNormal],
      varianceScaling: [{ scale: 2, mode: 'fanAvg', distribution: 'uniform' }, initializers.varianceScaling],
      heNormal: [{ seed: 3 }, initializers.heNormal],
      categoricalCrossentropy: [{ fromLogits: true, labelSmoothing: 0.1 }, losses.categoricalCrossentropy],
      meanSquaredError: [{}, losses.meanSquaredError],
      binaryAccuracy: [{ name: 'above', threshold: 0.3 }, metrics.binaryAccuracy],
      sgd: [{ learningRate: 0.1, momentum: 0.9, nesterov: true, clipNorm: 1 }, optimizers.sgd],
      exponentialDecay: [
        { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9, staircase: true },
        optimizers.schedules.exponentialDecay,
      ],
      piecewiseConstantDecay: [
        { boundaries: [1, 2], values: [3, 2, 1] },
        optimizers.schedules.piecewiseConstantDecay,
      ],
      polynomialDecay: [
        { initialLearningRate: 0.1, decaySteps: 10, endLearningRate: 0.01, power: 2, cycle: true },
        optimizers.schedules.polynomialDecay,
      ],
      inverseTimeDecay: [
        { initialLearningRate: 0.1, decaySteps: 10, decayRate: 0.9 },
        optimizers.schedules.inverseTimeDecay,
      ],
      cosineDecay: [
        { initialLearningRate: 0, decaySteps: 10, alpha: 0.1, warmupTarget: 0.1, warmupSteps: 5 },
        optimizers.schedules.cosineDecay,
      ],
      oneCycle: [
        { maxLearningRate: 0.1, totalSteps: 50, pctStart: 0.2, divFactor: 10, finalDivFactor: 100 },
        optimizers.schedules.oneCycle,
      ],
      cosineDecayRestarts: [
        { initialLearningRate: 0.1, firstDecaySteps: 10, tMul: 1, mMul: 0.9 },
        optimizers.schedules.cosineDecayRestarts,
      ],
      rmsprop: [
        { learningRate: 0.1, rho: 0.8, centered: true, gradientAccumulationSteps: 4 },
        optimizers.rmsprop,
      ],
      adagrad: [{ learningRate: 0.1, initialAccumulatorValue: 0.2, epsilon: 0.01 }, optimizers.adagrad],
      adadelta: [{ learningRate: 0.1, rho: 0.8, epsilon: 0.01 }, optimizers.adadelta],
      adamax: [{ learningRate: 0.1, beta1: 0.8, beta2: 0.7, epsilon: 0.01 }, optimizers.adamax],
      nadam: [{ learningRate: 0.1, beta1: 0.8, beta2: 0.7, epsilon: 0.01 }, optimizers.nadam],
      lion: [{ learningRate: 0.1, beta1: 0.8, beta2: 0.7 }, optimizers.lion],
      ftrl: [
        {
          ...{ learningRate: 0.1, learningRatePower: -0.7, initialAccumulatorValue: 0.2, beta: 0.1 },
          ...{ l1RegularizationStrength: 0.1, l2RegularizationStrength: 0.2 },
          l2ShrinkageRegularizationStrength: 0.3,
        },
        optimizers.ftrl,
      ],
      lamb: [{ learningRate: 0.1, beta1: 0.8, beta2: 0.7, epsilon: 0.01 }, optimizers.lamb],
      adafactor: [
        {
          learningRate: 0.1,
          beta2Decay: -0.7,
          epsilon1: 1e-9,
          epsilon2: 0.01,
          clipThreshold: 2,
          relativeStep: false,
        },
        optimizers.adafactor,
      ],
      scheduleFreeAdamW: [
        { learningRate: 0.1, beta1: 0.8, beta2: 0.7, epsilon: 0.01, warmupSteps: 4 },
        optimizers.scheduleFreeAdamW,
      ],
      muon: [
        {
          learningRate: 0.1,
          adamBeta1: 0.8,
          adamBeta2: 0.7,
          adamWeightDecay: null,
          weightDecay: null,
          epsilon: 0.01,
          adamLrRatio: 0.5,
          excludeLayers: ['head', 'gamma'],
          excludeEmbeddings: false,
          muonA: 3,
          muonB: -4,
          muonC: 2,
          momentum: 0.9,
          nsSteps: 3,
          nesterov: false,
          rmsRate: null,
        },
        optimizers.muon,
      ],
      adam: [{ learningRate: 0.1, beta1: 0.8, beta2: 0.7, epsilon: 0.01, amsgrad: true }, optimizers.adam],
      adamW: [{ learningRate: 0.1, beta1: 0.8, weightDecay: null, globalClipNorm: 2 }, optimizers.adamW],
    };
  test.each(Object.entries(makers))('%s: saved, made again, and no option unknown', (name, [given, make]) => {
    const config = JSON.parse(JSON.stringify(make(given as never).getConfig?.()));
    expect(config).toMatchObject(given);
    const { name: saved, ...options } = config;
    const again = make((name === 'binaryAccuracy' ? config : options) as never);
    expect(JSON.parse(JSON.stringify(again.getConfig?.()))).toEqual(config);
    if (saved !== undefined && name !== 'binaryAccuracy') expect(saved).toBe(name);
    expect(() => make({ zzz: 1 } as never)).toThrow(`${name} has no option 'zzz'; it has `);
    expect(() => make('zzz' as never)).toThrow(/must be .*, received 'zzz'/);
  });

  test('is there of every optimizer, schedule and constraint', () => {
    const families = { ...optimizers, ...optimizers.schedules, ...constraints };
    const names = Object.keys(families).filter((name) => /^[a-z]/.test(name) && name !== 'schedules');
    expect(Object.keys(makers)).toEqual(expect.arrayContaining(names));
  });

  test('positions of what Keras writes without a keyword', () => {
    expect(regularizers.l2(0.3).getConfig()).toEqual({ name: 'l2', l2: 0.3 });
    expect(constraints.maxNorm(3, { axis: 1 }).getConfig()).toEqual({
      name: 'maxNorm',
      maxValue: 3,
      axis: 1,
    });
    expect(initializers.constant(2).getConfig()).toEqual({ name: 'constant', value: 2 });
    const { Optimizer: _, schedules: __, ...factories } = optimizers;
    for (const [name, make] of Object.entries(factories)) {
      if (/^[A-Z]/.test(name)) continue;
      const of = make as unknown as (...given: unknown[]) => optimizers.Optimizer;
      expect(of(0.3, { clipNorm: 2 }).getConfig()).toEqual(
        of({ learningRate: 0.3, clipNorm: 2 }).getConfig(),
      );
      expect(() => of(0.3, { learningRate: 0.2 })).toThrow('learningRate must be given once');
    }
    const decay = optimizers.schedules.exponentialDecay({
      initialLearningRate: 0.1,
      decaySteps: 10,
      decayRate: 0.5,
    });
    expect(new optimizers.SGD(decay, { momentum: 0.9 }).learningRate).toBe(0.1);
    expect(optimizers.adam((step) => ops.mul(step, 0.2)).learningRate).toBe(0);
  });

  test('bad values', () => {
    expect(() => constraints.maxNorm(-1)).toThrow('maxValue must be a finite number ≥ 0, received -1');
    expect(() => constraints.minMaxNorm({ minValue: 2 })).toThrow(
      'minValue must be at most maxValue, 1, received 2',
    );
    expect(() => constraints.maxNorm({ axis: [] })).toThrow('axis must be an integer or a list of integers');
    expect(() => optimizers.adam({ gradientAccumulationSteps: 1 })).toThrow(
      'gradientAccumulationSteps must be an integer ≥ 2, received 1',
    );
  });

  test('an optimizer is told of accumulation only when it is asked for', () => {
    const plain = (of: optimizers.Optimizer) => JSON.parse(JSON.stringify(of.getConfig()));
    expect(plain(optimizers.sgd())).not.toHaveProperty('gradientAccumulationSteps');
    expect(plain(optimizers.sgd({ gradientAccumulationSteps: 2 }))).toMatchObject({
      gradientAccumulationSteps: 2,
    });
  });

  test('an optimizer without weight decay comes back without', () => {
    expect(optimizers.adamW().getConfig().weightDecay).toBe(0.004);
    const config = JSON.parse(JSON.stringify(optimizers.adamW({ weightDecay: null }).getConfig()));
    expect(optimizers.adamW(config).options.weightDecay).toBeUndefined();
  });
});

test('factories are called after their classes', () => {
  const names = {
    Dense: 'dense',
    LeakyReLU: 'leakyRelu',
    ReLU: 'relu',
    PReLU: 'prelu',
    ELU: 'elu',
    LSTM: 'lstm',
  };
  const more = { Conv2D: 'conv2d', SimpleRNN: 'simpleRnn', LayerNormalization: 'layerNormalization' };
  for (const [of, name] of Object.entries({ ...names, ...more })) expect(factoryName(of)).toBe(name);
});
