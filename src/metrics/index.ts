/**
 * Metrics: means over an epoch that are logged and not trained for.
 */
export * from './factories.js';
export type { MetricFunction, MetricIdentifier, MetricKey } from './identifier.js';
export type { Metric, MetricFactory, MetricOptions } from './metric.js';
