/**
 * Metrics by name and by function.
 */
import { camel, type Name, type Snake, unknownName } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { matched } from '../losses/labels.js';
import { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy } from './accuracy.js';
import { meanAbsoluteError, meanSquaredError } from './difference.js';
import type { Metric } from './metric.js';

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
export type MetricKey<M> = M extends Metric<infer N> ? N : M extends string ? Snake<M> : string;

/** The metric that an option stands for. */
export function getMetric(argument: string, of: MetricIdentifier): Metric {
  if (typeof of === 'function') {
    const call: Metric['call'] = (yTrue, yPred) => of(matched(yTrue, yPred), yPred);
    return { name: of.name || 'metric', direction: undefined, getConfig: () => undefined, call };
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
