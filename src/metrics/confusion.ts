/**
 * Counts of right and wrong answers, precision and recall.
 */
import { fraction as checkFraction } from '../core/check.js';
import { type Default, integer, option, type With } from '../core/options.js';
import { argumentError } from '../errors.js';
import { defineSums, type MetricFactory } from './metric.js';
import { type Confusion, confusions, counts, precisionOf, recallOf } from './thresholds.js';

/** Options of counts. */
export interface CountOptions {
  /** A prediction strictly above is a yes; several give as many numbers. Default 0.5. */
  readonly thresholds?: number | readonly number[] | undefined;
}

/** Options of {@link precision} and {@link recall}. */
export interface PrecisionOptions {
  /** A prediction strictly above is a yes; several give as many numbers. Default 0.5, with `topK` any. */
  readonly thresholds?: number | readonly number[] | null | undefined;
  /** Only the so many largest predictions of a row may be a yes. */
  readonly topK?: number | null | undefined;
  /** Looks at this class alone. */
  readonly classId?: number | null | undefined;
}

/** Thresholds in [0, 1]. */
const thresholds = <D extends Default<number>>(fallback: D): With<number | readonly number[], D> =>
  option((argument, given): number | readonly number[] => {
    const all = typeof given === 'number' ? [given] : given;
    if (!Array.isArray(all) || all.length === 0) throw argumentError(argument, 'numbers in [0, 1]', given);
    for (const at of all) checkFraction(argument, at);
    return given as number | readonly number[];
  }, fallback);

/** Below all predictions but those that `topK` takes out. */
const ANY = -1e10;

const list = (given: number | readonly number[]): readonly number[] =>
  typeof given === 'number' ? [given] : given;

/** The only number, or all of them. */
const oneOrAll = (all: readonly number[]): number | readonly number[] =>
  all.length === 1 ? (all[0] as number) : all;

const countOf = <D extends string>(
  name: D,
  direction: 'max' | 'min' | undefined,
  of: keyof Confusion,
): MetricFactory<D, CountOptions> =>
  defineSums<D, CountOptions>({
    name,
    direction,
    options: { thresholds: thresholds(0.5) },
    update: ({ thresholds }, yTrue, yPred, weight) => counts(yTrue, yPred, weight, { at: list(thresholds) }),
    result: (_, sums) => oneOrAll(confusions(sums).map((at) => at[of])),
  });

/** Number of ones that are predicted. */
export const truePositives: MetricFactory<'true_positives', CountOptions> = countOf(
  'true_positives',
  'max',
  'truePositives',
);

/** Number of zeros that are not. */
export const trueNegatives: MetricFactory<'true_negatives', CountOptions> = countOf(
  'true_negatives',
  'max',
  'trueNegatives',
);

/** Number of zeros that are predicted to be ones. */
export const falsePositives: MetricFactory<'false_positives', CountOptions> = countOf(
  'false_positives',
  'min',
  'falsePositives',
);

/** Number of ones that are predicted to be zeros. */
export const falseNegatives: MetricFactory<'false_negatives', CountOptions> = countOf(
  'false_negatives',
  'min',
  'falseNegatives',
);

const shareOf = <D extends string>(
  name: D,
  of: (at: Confusion) => number,
): MetricFactory<D, PrecisionOptions> =>
  defineSums<D, PrecisionOptions>({
    name,
    direction: 'max',
    options: { thresholds: thresholds(null), topK: integer(1, null), classId: integer(0, null) },
    update: ({ thresholds, topK, classId }, yTrue, yPred, weight) => {
      const at = thresholds === undefined ? [topK === undefined ? 0.5 : ANY] : list(thresholds);
      return counts(yTrue, yPred, weight, { at }, { topK, classId });
    },
    result: (_, sums) => oneOrAll(confusions(sums).map(of)),
  });

/** Share of the predicted ones that are ones. */
export const precision: MetricFactory<'precision', PrecisionOptions> = shareOf('precision', precisionOf);

/** Share of the ones that are predicted. */
export const recall: MetricFactory<'recall', PrecisionOptions> = shareOf('recall', recallOf);
