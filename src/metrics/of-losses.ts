/**
 * Losses as metrics: means of their values, by Keras' names.
 */
import { boolean, positive, type Settled, type Table } from '../core/options.js';
import {
  type CrossentropyOptions,
  crossentropyOptions,
  type LogitsOptions,
} from '../losses/crossentropy-options.js';
import * as losses from '../losses/factories.js';
import type { Loss } from '../losses/loss.js';
import { defineMean, type MetricFactory } from './metric.js';

/** The mean of a loss that has no options. */
const meanOf = <D extends string>(name: D, { call }: Loss): MetricFactory<D> =>
  defineMean<D>({ name, direction: 'min', options: {}, call: (_, yTrue, yPred) => call(yTrue, yPred) });

/** The mean of a loss with these options. */
const meanWith = <D extends string, C extends object>(
  name: D,
  options: Table<C>,
  make: (options: Settled<C>) => Loss,
): MetricFactory<D, C> =>
  defineMean<D, C>({
    name,
    direction: 'min',
    options,
    call(given, yTrue, yPred) {
      // The metric's own name is no option of the loss.
      const { name: _, ...rest } = given as Settled<C> & { name?: unknown };
      return make(rest as Settled<C>).call(yTrue, yPred);
    },
  });

/** Mean of squared errors. */
export const meanSquaredError: MetricFactory<'mean_squared_error'> = meanOf(
  'mean_squared_error',
  losses.meanSquaredError(),
);

/** Mean of absolute errors. */
export const meanAbsoluteError: MetricFactory<'mean_absolute_error'> = meanOf(
  'mean_absolute_error',
  losses.meanAbsoluteError(),
);

/** Mean of absolute errors, in percent of the label. */
export const meanAbsolutePercentageError: MetricFactory<'mean_absolute_percentage_error'> = meanOf(
  'mean_absolute_percentage_error',
  losses.meanAbsolutePercentageError(),
);

/** Mean of squared differences of logarithms of one more. */
export const meanSquaredLogarithmicError: MetricFactory<'mean_squared_logarithmic_error'> = meanOf(
  'mean_squared_logarithmic_error',
  losses.meanSquaredLogarithmicError(),
);

/** Mean of the logarithms of the hyperbolic cosine of errors. */
export const logCosh: MetricFactory<'log_cosh'> = meanOf('log_cosh', losses.logCosh());

/** Mean of Poisson losses. */
export const poisson: MetricFactory<'poisson'> = meanOf('poisson', losses.poisson());

/** Mean of Kullback–Leibler divergences. */
export const klDivergence: MetricFactory<'kl_divergence'> = meanOf('kl_divergence', losses.klDivergence());

/** Mean of hinge losses. */
export const hinge: MetricFactory<'hinge'> = meanOf('hinge', losses.hinge());

/** Mean of squared hinge losses. */
export const squaredHinge: MetricFactory<'squared_hinge'> = meanOf('squared_hinge', losses.squaredHinge());

/** Mean of categorical hinge losses. */
export const categoricalHinge: MetricFactory<'categorical_hinge'> = meanOf(
  'categorical_hinge',
  losses.categoricalHinge(),
);

/** Mean of Huber losses. */
export const huber: MetricFactory<'huber', losses.HuberOptions> = meanWith<'huber', losses.HuberOptions>(
  'huber',
  { delta: positive(1) },
  (options) => losses.huber(options),
);

/** Mean of binary cross-entropies. */
export const binaryCrossentropy: MetricFactory<'binary_crossentropy', CrossentropyOptions> = meanWith<
  'binary_crossentropy',
  CrossentropyOptions
>('binary_crossentropy', crossentropyOptions, (options) => losses.binaryCrossentropy(options));

/** Mean of cross-entropies of one-hot labels. */
export const categoricalCrossentropy: MetricFactory<'categorical_crossentropy', CrossentropyOptions> =
  meanWith<'categorical_crossentropy', CrossentropyOptions>(
    'categorical_crossentropy',
    crossentropyOptions,
    (options) => losses.categoricalCrossentropy(options),
  );

/** Mean of cross-entropies of class indices. */
export const sparseCategoricalCrossentropy: MetricFactory<'sparse_categorical_crossentropy', LogitsOptions> =
  meanWith<'sparse_categorical_crossentropy', LogitsOptions>(
    'sparse_categorical_crossentropy',
    { fromLogits: boolean(false) },
    (options) => losses.sparseCategoricalCrossentropy(options),
  );
