/**
 * Losses as metrics: means of their values, by Keras' names.
 */
import type { Settled, Table } from '../core/options.js';
import type { CrossentropyOptions } from '../losses/crossentropy-options.js';
import * as losses from '../losses/factories.js';
import type { LossFactory } from '../losses/loss.js';
import * as ops from '../ops/index.js';
import { along } from '../ops/masks.js';
import { defineSums, type MetricFactory, mean, totals } from './metric.js';

/** Options of a loss that has none. */
type None = Record<never, never>;

/** The mean of a loss with its options, of the values that count. */
const meanOf = <D extends string, C extends object = None>(
  name: D,
  // biome-ignore lint/suspicious/noExplicitAny: of the same options.
  make: LossFactory<any>,
): MetricFactory<D, C> =>
  defineSums<D, C>({
    name,
    direction: 'min',
    options: make.options as Table<C> & typeof make.options,
    update(given, yTrue, yPred, weight) {
      // The metric's own name is no option of the loss.
      const { name: _, ...rest } = given as Settled<C> & { name?: unknown };
      const loss = make(rest);
      const each = loss.call(yTrue, yPred);
      const counting = loss.valid?.(yTrue, yPred, each);
      if (!counting) return totals(each, weight);
      const counts = ops.cast(counting, 'float32');
      return totals(each, weight ? ops.mul(along(weight, each), counts) : counts);
    },
    result: (_, sums) => mean(sums),
  });

/** Mean of squared errors. */
export const meanSquaredError: MetricFactory<'mean_squared_error'> = meanOf(
  'mean_squared_error',
  losses.meanSquaredError,
);

/** Mean of absolute errors. */
export const meanAbsoluteError: MetricFactory<'mean_absolute_error'> = meanOf(
  'mean_absolute_error',
  losses.meanAbsoluteError,
);

/** Mean of absolute errors, in percent of the label. */
export const meanAbsolutePercentageError: MetricFactory<'mean_absolute_percentage_error'> = meanOf(
  'mean_absolute_percentage_error',
  losses.meanAbsolutePercentageError,
);

/** Mean of squared differences of logarithms of one more. */
export const meanSquaredLogarithmicError: MetricFactory<'mean_squared_logarithmic_error'> = meanOf(
  'mean_squared_logarithmic_error',
  losses.meanSquaredLogarithmicError,
);

/** Mean of the logarithms of the hyperbolic cosine of errors. */
export const logCosh: MetricFactory<'log_cosh'> = meanOf('log_cosh', losses.logCosh);

/** Mean of Poisson losses. */
export const poisson: MetricFactory<'poisson'> = meanOf('poisson', losses.poisson);

/** Mean of Kullback–Leibler divergences. */
export const klDivergence: MetricFactory<'kl_divergence'> = meanOf('kl_divergence', losses.klDivergence);

/** Mean of hinge losses. */
export const hinge: MetricFactory<'hinge'> = meanOf('hinge', losses.hinge);

/** Mean of squared hinge losses. */
export const squaredHinge: MetricFactory<'squared_hinge'> = meanOf('squared_hinge', losses.squaredHinge);

/** Mean of categorical hinge losses. */
export const categoricalHinge: MetricFactory<'categorical_hinge'> = meanOf(
  'categorical_hinge',
  losses.categoricalHinge,
);

/** Mean of Huber losses. */
export const huber: MetricFactory<'huber', losses.HuberOptions> = meanOf<'huber', losses.HuberOptions>(
  'huber',
  losses.huber,
);

/** Mean of binary cross-entropies. */
export const binaryCrossentropy: MetricFactory<'binary_crossentropy', CrossentropyOptions> = meanOf<
  'binary_crossentropy',
  CrossentropyOptions
>('binary_crossentropy', losses.binaryCrossentropy);

/** Mean of cross-entropies of one-hot labels. */
export const categoricalCrossentropy: MetricFactory<'categorical_crossentropy', CrossentropyOptions> = meanOf<
  'categorical_crossentropy',
  CrossentropyOptions
>('categorical_crossentropy', losses.categoricalCrossentropy);

/** Mean of cross-entropies of class indices. */
export const sparseCategoricalCrossentropy: MetricFactory<
  'sparse_categorical_crossentropy',
  losses.SparseCrossentropyOptions
> = meanOf<'sparse_categorical_crossentropy', losses.SparseCrossentropyOptions>(
  'sparse_categorical_crossentropy',
  losses.sparseCategoricalCrossentropy,
);

/** Mean of cross-entropies, binary, categorical or sparse, by the shapes. */
export const crossentropy: MetricFactory<'crossentropy'> = meanOf('crossentropy', losses.crossentropy);

/** Mean of focal cross-entropies of labels 0 and 1. */
export const binaryFocalCrossentropy: MetricFactory<'binary_focal_crossentropy', losses.BinaryFocalOptions> =
  meanOf<'binary_focal_crossentropy', losses.BinaryFocalOptions>(
    'binary_focal_crossentropy',
    losses.binaryFocalCrossentropy,
  );

/** Mean of focal cross-entropies of one-hot labels. */
export const categoricalFocalCrossentropy: MetricFactory<
  'categorical_focal_crossentropy',
  losses.FocalOptions
> = meanOf<'categorical_focal_crossentropy', losses.FocalOptions>(
  'categorical_focal_crossentropy',
  losses.categoricalFocalCrossentropy,
);

/** Mean of generalized cross-entropies. */
export const categoricalGeneralizedCrossEntropy: MetricFactory<
  'categorical_generalized_cross_entropy',
  losses.GeneralizedCrossEntropyOptions
> = meanOf<'categorical_generalized_cross_entropy', losses.GeneralizedCrossEntropyOptions>(
  'categorical_generalized_cross_entropy',
  losses.categoricalGeneralizedCrossEntropy,
);

/** Mean of Dice losses: with all axes in a region, of batches. */
export const dice: MetricFactory<'dice', losses.DiceOptions> = meanOf<'dice', losses.DiceOptions>(
  'dice',
  losses.dice,
);

/** Mean of Tversky losses: with all axes in a region, of batches. */
export const tversky: MetricFactory<'tversky', losses.TverskyOptions> = meanOf<
  'tversky',
  losses.TverskyOptions
>('tversky', losses.tversky);

/** Mean of circle losses. */
export const circle: MetricFactory<'circle', losses.CircleOptions> = meanOf<'circle', losses.CircleOptions>(
  'circle',
  losses.circle,
);
