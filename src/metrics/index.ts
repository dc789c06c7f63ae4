/**
 * Metrics: means over an epoch that are logged and not trained for.
 */
export { accuracy, binaryAccuracy, categoricalAccuracy, sparseCategoricalAccuracy } from './accuracy.js';
export { meanAbsoluteError, meanSquaredError } from './difference.js';
export type { MetricFunction, MetricIdentifier, MetricKey } from './identifier.js';
export type { Metric, MetricOptions } from './metric.js';
