/**
 * The best of one share while another one is kept up: recall at a precision, and its relatives.
 */
import { fraction, integer, type Table } from '../core/options.js';
import { defineSums, type ToldMetricFactory } from './metric.js';
import {
  type Confusion,
  confusions,
  counts,
  evenly,
  precisionOf,
  recallOf,
  specificityOf,
} from './thresholds.js';

/** Options of all of them. */
interface ConstraintOptions {
  /** Number of thresholds that are tried, evenly in [0, 1]; of one it is 0.5. Default 200. */
  readonly numThresholds?: number | undefined;
  /** Looks at this class alone. */
  readonly classId?: number | null | undefined;
}

/** Options of {@link sensitivityAtSpecificity}. */
export interface AtSpecificityOptions extends ConstraintOptions {
  /** The least specificity, in [0, 1]. */
  readonly specificity: number;
}

/** Options of {@link specificityAtSensitivity}. */
export interface AtSensitivityOptions extends ConstraintOptions {
  /** The least sensitivity, in [0, 1]. */
  readonly sensitivity: number;
}

/** Options of {@link precisionAtRecall}. */
export interface AtRecallOptions extends ConstraintOptions {
  /** The least recall, in [0, 1]. */
  readonly recall: number;
}

/** Options of {@link recallAtPrecision}. */
export interface AtPrecisionOptions extends ConstraintOptions {
  /** The least precision, in [0, 1]. */
  readonly precision: number;
}

type Share = (at: Confusion) => number;

function bestOf<D extends string, C extends ConstraintOptions>(
  name: D,
  least: Exclude<keyof C, keyof ConstraintOptions>,
  constrained: Share,
  best: Share,
): ToldMetricFactory<D, C> {
  const common: Table<ConstraintOptions> = { numThresholds: integer(1, 200), classId: integer(0, null) };
  return defineSums<D, ConstraintOptions>({
    name,
    direction: 'max',
    options: { ...common, [least]: fraction() } as typeof common,
    update: ({ numThresholds, classId }, yTrue, yPred, weight) => {
      const at = numThresholds === 1 ? { at: [0.5] } : evenly(numThresholds);
      return counts(yTrue, yPred, weight, at, { classId });
    },
    result: (options, sums) => {
      const bound = (options as unknown as Record<typeof least, number>)[least];
      return Math.max(
        0,
        ...confusions(sums)
          .filter((at) => constrained(at) >= bound)
          .map(best),
      );
    },
  }) as unknown as ToldMetricFactory<D, C>;
}

/** The largest share of ones that are predicted, where at least `specificity` of the zeros are not. */
export const sensitivityAtSpecificity: ToldMetricFactory<'sensitivity_at_specificity', AtSpecificityOptions> =
  bestOf('sensitivity_at_specificity', 'specificity', specificityOf, recallOf);

/** The largest share of zeros that are not predicted, where at least `sensitivity` of the ones are. */
export const specificityAtSensitivity: ToldMetricFactory<'specificity_at_sensitivity', AtSensitivityOptions> =
  bestOf('specificity_at_sensitivity', 'sensitivity', recallOf, specificityOf);

/** The largest precision, where recall is at least `recall`. */
export const precisionAtRecall: ToldMetricFactory<'precision_at_recall', AtRecallOptions> = bestOf(
  'precision_at_recall',
  'recall',
  recallOf,
  precisionOf,
);

/** The largest recall, where precision is at least `precision`. */
export const recallAtPrecision: ToldMetricFactory<'recall_at_precision', AtPrecisionOptions> = bestOf(
  'recall_at_precision',
  'precision',
  precisionOf,
  recallOf,
);
