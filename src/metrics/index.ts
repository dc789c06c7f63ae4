/**
 * Metrics: numbers of an epoch that are logged and not trained for.
 */
export * from './factories.js';
export type { MetricFunction, MetricIdentifier, MetricKey } from './identifier.js';
export type { Increments, Metric, MetricFactory, MetricOptions, Sums, ToldMetricFactory } from './metric.js';
export { RunningMetric, type UpdateStateOptions } from './running-metric.js';
