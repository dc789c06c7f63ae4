/**
 * Means of the difference of label and prediction.
 */
import * as losses from '../losses/difference.js';
import type { Loss } from '../losses/loss.js';
import { defineMetric, type MetricFactory } from './metric.js';

const ofLoss = <D extends string>(name: D, { call }: Loss): MetricFactory<D> =>
  defineMetric<D>({ name, direction: 'min', options: {}, call: (_, yTrue, yPred) => call(yTrue, yPred) });

/** Mean of squared errors. */
export const meanSquaredError: MetricFactory<'mean_squared_error'> = ofLoss(
  'mean_squared_error',
  losses.meanSquaredError(),
);

/** Mean of absolute errors. */
export const meanAbsoluteError: MetricFactory<'mean_absolute_error'> = ofLoss(
  'mean_absolute_error',
  losses.meanAbsoluteError(),
);
