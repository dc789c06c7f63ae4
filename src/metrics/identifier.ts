/**
 * Metrics by name and as functions.
 */
import { type FactoryName, type Name, type Snake, snake } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { matched } from '../losses/labels.js';
import { maskedWeight } from '../losses/reduction.js';
import * as metrics from './factories.js';
import { type Metric, mean, totals } from './metric.js';

const ALIASES = {
  acc: 'accuracy',
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  rmse: 'rootMeanSquaredError',
  logCoshError: 'logCosh',
  bce: 'binaryCrossentropy',
  ce: 'crossentropy',
  kld: 'klDivergence',
} as const;

/** A function of labels and predictions; its name is the key in logs. */
export type MetricFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

/** A metric, its name, or a function. */
export type MetricIdentifier =
  | Metric
  | Name<FactoryName<typeof metrics>>
  | keyof typeof ALIASES
  | MetricFunction;

/** Any key, beside those that are known and stay so. */
type Unknown = string & Record<never, never>;

/**
 * Key in logs of a metric: the name it was asked for by, in snake_case. The name of a function is not known to the compiler,
 * so with one every key is allowed; a metric that is an object says it.
 */
export type MetricKey<M> =
  M extends Metric<infer N>
    ? N
    : M extends string
      ? Snake<M>
      : M extends (...of: never[]) => unknown
        ? Unknown
        : never;

const registry = new Registry<Metric>({
  noun: 'metric',
  expected: 'a metric, its name or a function',
  factories: factoriesOf(metrics),
  aliases: ALIASES,
  isReady: (of) =>
    hasMethods(of, ['update', 'result']) && typeof (of as { name?: unknown }).name === 'string',
  adapt: (of: MetricFunction, name) => ({
    name: name ?? (of.name || 'metric'),
    kind: name ?? (of.name || undefined),
    source: of,
    direction: undefined,
    getConfig: () => (name === undefined && of.name === '' ? undefined : {}),
    update: (yTrue, yPred, weight) => {
      const each = of(matched(yTrue, yPred), yPred);
      // What it gives of whole samples, or of all of them, has no steps that a mask could leave out.
      const hasSteps = each instanceof SymbolicTensor && each.rank >= (yPred.mask?.rank ?? 0);
      return totals(each, hasSteps ? maskedWeight(weight, yPred) : weight);
    },
    result: mean,
  }),
});

/** A saved metric. */
export const restoreMetric = (saved: { name: string; config: object }): Metric => registry.restore(saved);

/** An instance of a class of one's own, which may have private fields. */
const ofClass = (of: Metric, kind: string): Metric => ({
  name: of.name,
  kind,
  direction: of.direction,
  update: (...given) => of.update(...given),
  result: (sums) => of.result(sums),
  ...(of.getConfig ? { getConfig: () => of.getConfig?.() } : {}),
});

/** The metric that an option stands for. */
export function getMetric(argument: string, of: MetricIdentifier): Metric {
  const methods = ['update', 'result'] as const;
  if (typeof of === 'object' && of !== null && methods.some((name) => name in of) && !hasMethods(of, methods))
    throw argumentError(argument, 'metrics with the functions update and result', of);
  const found = registry.get(argument, of);
  const { name: className } = found.constructor;
  // An instance of a class of one's own is saved by the name of the class.
  const metric = found.kind === undefined && className !== 'Object' ? ofClass(found, className) : found;
  // As in Keras, the key is the name that was asked for: `acc` stays `acc`.
  return typeof of === 'string' && Object.hasOwn(ALIASES, of) ? { ...metric, name: snake(of) } : metric;
}
