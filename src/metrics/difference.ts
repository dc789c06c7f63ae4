/**
 * Means of the difference of label and prediction.
 */
import { options as checkOptions } from '../core/check.js';
import { getLoss } from '../losses/identifier.js';
import type { Metric, MetricOptions } from './metric.js';

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
  given: MetricOptions<N> = {},
): Metric<N> =>
  ofLoss(
    (checkOptions('meanSquaredError', given, ['name']).name ?? 'mean_squared_error') as N,
    'meanSquaredError',
  );
/** Mean of absolute errors. */
export const meanAbsoluteError = <N extends string = 'mean_absolute_error'>(
  given: MetricOptions<N> = {},
): Metric<N> =>
  ofLoss(
    (checkOptions('meanAbsoluteError', given, ['name']).name ?? 'mean_absolute_error') as N,
    'meanAbsoluteError',
  );
