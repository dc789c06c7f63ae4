/**
 * Metrics: streaming totals over an epoch, divided by their weights.
 */
import { camel, options as checkOptions, type Name, number, unknownName } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { getLoss, type Loss, sparseLabels } from '../losses/index.js';
import * as ops from '../ops/index.js';

/** A metric: a value for each sample, of which the epoch's mean is logged. */
export interface Metric<N extends string = string> {
  /** Key in logs and history. */
  readonly name: N;
  /** Direction of improvement, if it is known. */
  readonly direction: 'max' | 'min' | undefined;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor, loss: Loss | undefined): SymbolicTensor;
  /** How to make an equal one. */
  getConfig(): Record<string, unknown> | undefined;
}

type Options<N extends string> = { readonly name?: N };

function hits(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return ops.cast(ops.equal(a, b), 'float32') as SymbolicTensor;
}

/** Share of predictions whose class is right: binary, categorical or sparse, by the shapes. */
export function accuracy<N extends string = 'accuracy'>(given: Options<N> = {}): Metric<N> {
  checkOptions('accuracy', given, ['name']);
  return {
    name: given.name ?? ('accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call(yTrue, yPred, loss) {
      // Keras' rule: one output is binary; labels of a lower rank, or of one column, are indices.
      if (yPred.shape.at(-1) === 1) return binaryAccuracy().call(yTrue, yPred, loss);
      const sparse = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
      return (sparse ? sparseCategoricalAccuracy() : categoricalAccuracy()).call(yTrue, yPred, loss);
    },
  };
}

/** Share of predictions on the right side of `threshold` (strictly above counts as 1). Default 0.5. */
export function binaryAccuracy<N extends string = 'binary_accuracy'>(
  given: Options<N> & { readonly threshold?: number } = {},
): Metric<N> {
  checkOptions('binaryAccuracy', given, ['name', 'threshold']);
  const threshold = number('threshold', given.threshold ?? 0.5);
  return {
    name: given.name ?? ('binary_accuracy' as N),
    direction: 'max',
    getConfig: () => ({ threshold }),
    call(yTrue, yPred) {
      const guess = ops.cast(ops.greater(yPred, threshold), 'float32') as SymbolicTensor;
      const labels = ops.cast(yTrue, 'float32') as SymbolicTensor;
      const same = labels.rank === guess.rank ? labels : ops.reshape(labels, guess.shape);
      const each = hits(same, guess);
      return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
    },
  };
}

/** Share of predictions whose largest class is that of the one-hot label. */
export function categoricalAccuracy<N extends string = 'categorical_accuracy'>(
  given: Options<N> = {},
): Metric<N> {
  checkOptions('categoricalAccuracy', given, ['name']);
  return {
    name: given.name ?? ('categorical_accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call: (yTrue, yPred) => hits(ops.argMax(ops.cast(yTrue, 'float32') as SymbolicTensor), ops.argMax(yPred)),
  };
}

/** Share of predictions whose largest class is the label's index. */
export function sparseCategoricalAccuracy<N extends string = 'sparse_categorical_accuracy'>(
  given: Options<N> = {},
): Metric<N> {
  checkOptions('sparseCategoricalAccuracy', given, ['name']);
  return {
    name: given.name ?? ('sparse_categorical_accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call: (yTrue, yPred) => hits(sparseLabels(yTrue, yPred), ops.argMax(yPred)),
  };
}

function ofLoss<N extends string>(name: N, loss: 'meanSquaredError' | 'meanAbsoluteError'): Metric<N> {
  return {
    name,
    direction: 'min',
    getConfig: () => ({}),
    call: (yTrue, yPred) => getLoss('metric', loss).call(yTrue, yPred),
  };
}

/** Mean of squared errors. */
export const meanSquaredError = <N extends string = 'mean_squared_error'>(
  given: Options<N> = {},
): Metric<N> =>
  ofLoss(
    (checkOptions('meanSquaredError', given, ['name']).name ?? 'mean_squared_error') as N,
    'meanSquaredError',
  );
/** Mean of absolute errors. */
export const meanAbsoluteError = <N extends string = 'mean_absolute_error'>(
  given: Options<N> = {},
): Metric<N> =>
  ofLoss(
    (checkOptions('meanAbsoluteError', given, ['name']).name ?? 'mean_absolute_error') as N,
    'meanAbsoluteError',
  );

const FACTORIES = {
  accuracy,
  binaryAccuracy,
  categoricalAccuracy,
  sparseCategoricalAccuracy,
  meanSquaredError,
  meanAbsoluteError,
} as const;
const ALIASES: Record<string, keyof typeof FACTORIES> = {
  acc: 'accuracy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
};

/** A function of labels and predictions; its name is the key in logs. */
export type MetricFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

/** A metric, its name, or a function. */
export type MetricIdentifier = Metric | Name<keyof typeof FACTORIES> | 'acc' | 'mse' | 'mae' | MetricFunction;

/** Key in logs of a metric: the name it was asked for by, in snake_case. */
export type MetricKey<M> =
  M extends Metric<infer N> ? N : M extends string ? import('../core/check.js').Snake<M> : string;

/** @internal The metric that an option stands for. */
export function getMetric(argument: string, of: MetricIdentifier): Metric {
  if (typeof of === 'function') {
    return { name: of.name || 'metric', direction: undefined, getConfig: () => undefined, call: of };
  }
  if (typeof of === 'object' && of !== null && 'call' in of) return of;
  if (typeof of !== 'string') throw argumentError(argument, 'a metric, its name or a function', of);
  const name = ALIASES[of] ?? camel(of);
  if (!Object.hasOwn(FACTORIES, name))
    throw unknownName(argument, [...Object.keys(FACTORIES), ...Object.keys(ALIASES)], of);
  const metric = FACTORIES[name as keyof typeof FACTORIES]() as Metric;
  // As in Keras, the key is the name that was asked for: `acc` stays `acc`.
  return of in ALIASES ? { ...metric, name: of, call: metric.call } : metric;
}
