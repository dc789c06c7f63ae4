/**
 * Names: aliases and spellings, configs, guesses, and things of one's own.
 */
import {
  activations,
  constraints,
  initializers,
  layers,
  type losses,
  optimizers,
  type SymbolicTensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { type ActivationIdentifier, getActivation } from '../src/activations/identifier.js';
import { type ConstraintIdentifier, getConstraint } from '../src/constraints/identifier.js';
import { withCustom } from '../src/core/custom.js';
import { factoriesOf } from '../src/core/registry.js';
import { getInitializer, type InitializerIdentifier } from '../src/initializers/identifier.js';
import { layerRegistry } from '../src/layers/registry.js';
import { getLoss, type LossIdentifier, restoreLoss } from '../src/losses/identifier.js';
import { getMetric, type MetricIdentifier } from '../src/metrics/identifier.js';
import { getOptimizer, type OptimizerIdentifier, restoreOptimizer } from '../src/optimizers/identifier.js';
import { getRegularizer, type RegularizerIdentifier } from '../src/regularizers/identifier.js';

const any = <T>(value: unknown): T => value as T;

describe('a name', () => {
  test.each([
    ['mse', 'meanSquaredError'],
    ['MSE', 'meanSquaredError'],
    ['mae', 'meanAbsoluteError'],
    ['bce', 'binaryCrossentropy'],
    ['mean_squared_error', 'meanSquaredError'],
    ['MeanSquaredError', 'meanSquaredError'],
    ['sparse_categorical_crossentropy', 'sparseCategoricalCrossentropy'],
  ])('loss %s is %s', (name, of) => {
    expect(getLoss('loss', any(name)).name).toBe(of);
  });

  test.each([
    ['acc', 'acc'],
    ['mse', 'mse'],
    ['mae', 'mae'],
    ['accuracy', 'accuracy'],
    ['binaryAccuracy', 'binary_accuracy'],
    ['binary_accuracy', 'binary_accuracy'],
  ])('metric %s is logged as %s', (name, key) => {
    expect(getMetric('metrics', any(name)).name).toBe(key);
  });

  test.each(['adamW', 'adamw', 'adam_w', 'AdamW'])('optimizer %s', (name) => {
    expect(getOptimizer('optimizer', any(name)).name).toBe('adamW');
  });

  test.each([
    ['swish', 'silu'],
    ['hard_swish', 'hardSilu'],
    ['leaky_relu', 'leakyRelu'],
    ['log_softmax', 'logSoftmax'],
  ])('activation %s is %s', (name, of) => {
    expect(getActivation('activation', any(name)).name).toBe(of);
  });

  test('of an initializer, a regularizer, a constraint', () => {
    expect(getInitializer('i', 'he_normal').getConfig().name).toBe('heNormal');
    expect(getRegularizer('r', 'l2')?.getConfig()).toEqual({ name: 'l2', l2: 0.01 });
    expect(getConstraint('c', 'max_norm')?.getConfig()).toEqual({ name: 'maxNorm', maxValue: 2, axis: 0 });
    expect(getConstraint('c', undefined)).toBeUndefined();
  });

  test('that nobody has', () => {
    expect(() => getLoss('loss', any('meanSqaredError'))).toThrow(
      /^loss must be one of '.*', 'meanSquaredError', .*, 'mse', .*, received 'meanSqaredError'; did you mean 'meanSquaredError'\?$/,
    );
    expect(() => getActivation('activation', any('constructor'))).toThrow("received 'constructor'");
    expect(() => getConstraint('c', any('maxNrom'))).toThrow("did you mean 'maxNorm'?");
    expect(() => getConstraint('kernelConstraint', any(3))).toThrow(
      'kernelConstraint must be a constraint, its name or a function of ops, received 3',
    );
    expect(() => getOptimizer('optimizer', any(undefined))).toThrow(
      'optimizer must be an optimizer or its name, received undefined',
    );
  });

  test('that a file has and nobody knows', () => {
    const saved = { name: 'mine', config: {} };
    expect(() => restoreLoss(saved)).toThrow("the model has the loss 'mine'");
    expect(() => restoreOptimizer(saved)).toThrow("the model has the optimizer 'mine'");
  });
});

test('names are known to the compiler, in both spellings', () => {
  const losses: LossIdentifier[] = ['meanSquaredError', 'mean_squared_error', 'mse'];
  const metrics: MetricIdentifier[] = ['binaryAccuracy', 'binary_accuracy', 'acc'];
  const optimizers: OptimizerIdentifier[] = ['adamW', 'adam_w', 'adamw', 'rmsprop'];
  const activations: ActivationIdentifier[] = ['hardSilu', 'hard_silu', 'swish'];
  const initializers: InitializerIdentifier[] = ['heNormal', 'he_normal', { name: 'constant', value: 1 }];
  const regularizers: RegularizerIdentifier[] = ['l1', { name: 'l1L2', l1: 1, l2: 2 }];
  const constraints: ConstraintIdentifier[] = ['maxNorm', 'max_norm', { name: 'nonNeg' }];
  losses.forEach((of) => expect(getLoss('', of)).toBeDefined());
  metrics.forEach((of) => expect(getMetric('', of)).toBeDefined());
  optimizers.forEach((of) => expect(getOptimizer('', of)).toBeDefined());
  activations.forEach((of) => expect(getActivation('', of)).toBeDefined());
  initializers.forEach((of) => expect(getInitializer('', of)).toBeDefined());
  regularizers.forEach((of) => expect(getRegularizer('', of)).toBeDefined());
  constraints.forEach((of) => expect(getConstraint('', of)).toBeDefined());
  // @ts-expect-error: none is called so.
  expect(() => getLoss('', 'mseloss')).toThrow();
  // @ts-expect-error: none is called so.
  expect(() => getMetric('', 'acuracy')).toThrow();
  // @ts-expect-error: none is called so.
  expect(() => getOptimizer('', 'Optimizer')).toThrow();
  // @ts-expect-error: they are no optimizer.
  expect(() => getOptimizer('', 'schedules')).toThrow();
  // @ts-expect-error: none is called so.
  expect(() => getActivation('', 'rleu')).toThrow();
  // @ts-expect-error: none is called so.
  expect(() => getInitializer('', 'glorot')).toThrow();
  // @ts-expect-error: it has no defaults.
  expect(() => getRegularizer('', 'l1L2')).toThrow();
  // @ts-expect-error: none is called so.
  expect(() => getConstraint('', 'maxnorms')).toThrow();
});

test('something of another kind', () => {
  expect(() => getConstraint('kernelConstraint', any(initializers.zeros()))).toThrow(
    /^kernelConstraint must be a constraint, its name or a function of ops, received/,
  );
  expect(() => getRegularizer('kernelRegularizer', any(constraints.nonNeg()))).toThrow(
    'kernelRegularizer must be a regularizer, its name or a function, received NonNeg',
  );
  expect(() => getInitializer('kernelInitializer', any(constraints.nonNeg()))).toThrow('received NonNeg');
});

test('a config with a name', () => {
  expect(getInitializer('i', { name: 'constant', value: 2 }).getConfig()).toEqual({
    name: 'constant',
    value: 2,
  });
  expect(getRegularizer('r', { name: 'l1_l2', l1: 1, l2: 2 })?.factors).toEqual({ l1: 1, l2: 2 });
  expect(getConstraint('c', { name: 'maxNorm', axis: 1 })?.getConfig()).toMatchObject({ axis: 1 });
  expect(() => getInitializer('kernelInitializer', any({}))).toThrow(
    'kernelInitializer must be an initializer, its name or a function, received an object with keys (none)',
  );
});

test('a function of the package keeps its name, one of one’s own has none', () => {
  const own = (x: SymbolicTensor): SymbolicTensor => x;
  expect(layers.dense(1, { activation: activations.gelu }).getConfig().activation).toBe('gelu');
  expect(getActivation('activation', own).name).toBeUndefined();
  expect(layers.dense(1, { activation: own }).getConfig().activation).toBe(own);
});

describe('things of one’s own', () => {
  const double = (x: SymbolicTensor): SymbolicTensor => x;
  class Own implements losses.Loss {
    readonly name = 'own';
    readonly sparse = false;
    readonly config: Record<string, unknown>;
    constructor(config: Record<string, unknown>) {
      this.config = config;
    }
    call(_: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
      return yPred;
    }
    getConfig(): Record<string, unknown> {
      return this.config;
    }
  }

  test('a class gets the config', () => {
    const loss = withCustom({ own: Own }, () => restoreLoss({ name: 'own', config: { a: 1 } }));
    expect(loss).toBeInstanceOf(Own);
    expect(loss.getConfig()).toEqual({ a: 1 });
  });

  test('a ready-made object stands for itself', () => {
    const own = new Own({});
    expect(withCustom({ own }, () => restoreLoss({ name: 'own', config: {} }))).toBe(own);
  });

  test('a function stands for what it would where it is given directly', () => {
    withCustom({ double }, () => {
      expect(getActivation('activation', any('double'))).toEqual({ name: 'double', apply: double });
      expect(getLoss('loss', any('double')).name).toBe('double');
      expect(getMetric('metrics', any('double')).name).toBe('double');
      expect(getRegularizer('r', any('double'))?.factors).toBeUndefined();
      expect(getInitializer('i', any('double')).source).toBe(double);
    });
  });

  test('where functions are not taken, a function makes something', () => {
    const start = ({ at = 3 }: { at?: number } = {}) => optimizers.sgd(at);
    withCustom({ start }, () => {
      expect(getOptimizer('o', any({ name: 'start', at: 2 })).learningRate).toBe(2);
      expect(getOptimizer('o', any('start')).learningRate).toBe(3);
    });
  });

  test('are known while they are asked for, and come first', () => {
    withCustom({ relu: double }, () => {
      expect(getActivation('activation', 'relu').apply).toBe(double);
      withCustom({ tanh: double }, () => expect(getActivation('activation', 'relu').apply).toBe(double));
    });
    expect(getActivation('activation', 'relu').apply).not.toBe(double);
    expect(() => withCustom({}, () => getActivation('activation', any('double')))).toThrow();
  });
});

test.each(['constraints', 'initializers', 'losses', 'metrics', 'optimizers', 'regularizers'])(
  'every factory of %s has its name',
  async (folder) => {
    const [all, named] = await Promise.all(
      ['index', 'factories'].map((file) => import(`../src/${folder}/${file}.ts`)),
    );
    expect(Object.keys(factoriesOf(named))).toEqual(Object.keys(factoriesOf(all)));
    expect(Object.keys(factoriesOf(named))).not.toEqual([]);
  },
);

test('layer classes are known by their exact names', () => {
  expect(layerRegistry.names).toContain('Dense');
  expect(layerRegistry.find('Dense')?.({ units: 2 })).toBeInstanceOf(layers.Dense);
  expect(layerRegistry.find('dense')).toBeUndefined();
  expect(layerRegistry.find('toString')).toBeUndefined();
});
