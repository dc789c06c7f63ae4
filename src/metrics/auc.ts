/**
 * The area under a curve of answers at thresholds.
 */
import { boolean, integer, list, oneOf } from '../core/options.js';
import { argumentError } from '../errors.js';
import { EPSILON } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import { defineSums, type MetricFactory, quotient, type Sums } from './metric.js';
import {
  type Confusion,
  confusions,
  counts,
  countsByLabel,
  evenly,
  precisionOf,
  recallOf,
  type Thresholds,
} from './thresholds.js';

/** Options of {@link auc}. */
export interface AucOptions {
  /** Number of thresholds, evenly in [0, 1]. Default 200. */
  readonly numThresholds?: number | undefined;
  /** The thresholds between 0 and 1, in place of `numThresholds`. */
  readonly thresholds?: readonly number[] | null | undefined;
  /** Recall by false positives, precision by recall, or the gains of both (Flach and Kull 2015). Default `'ROC'`. */
  readonly curve?: 'ROC' | 'PR' | 'PRGAIN' | undefined;
  /** Between two thresholds: by their mean (for `'PR'` as Davis and Goadrich 2006), the smaller, the larger. Default `'interpolation'`. */
  readonly summationMethod?: 'interpolation' | 'minoring' | 'majoring' | undefined;
  /** True for the mean of the areas of each label `[batch, labels]`. Default false: all answers together. */
  readonly multiLabel?: boolean | undefined;
  /** Weight of each label. */
  readonly labelWeights?: readonly number[] | null | undefined;
  /** True when predictions are logits. Default false. */
  readonly fromLogits?: boolean | undefined;
}

type Settings = Pick<AucOptions, 'curve' | 'summationMethod'>;

const isShare = (x: number): boolean => typeof x === 'number' && x >= 0 && x <= 1;
const isWeight = (x: number): boolean => typeof x === 'number' && x >= 0 && Number.isFinite(x);

/** Keras' thresholds, of which the first is below all predictions and the last above. */
function thresholdsOf(numThresholds: number, given: readonly number[] | undefined): Thresholds {
  if (given) return { at: [-EPSILON, ...[...given].sort((a, b) => a - b), 1 + EPSILON] };
  const { at, ...rest } = evenly(numThresholds);
  return { at: [-1, ...at.slice(1)], ...rest };
}

/**
 * The area under the curve that answers take while the threshold falls (Hanley and McNeil 1982): of `'ROC'` it is the
 * chance that a one is predicted higher than a zero.
 */
export const auc: MetricFactory<'auc', AucOptions> = defineSums<'auc', AucOptions>({
  name: 'auc',
  direction: 'max',
  options: {
    numThresholds: integer(2, 200),
    thresholds: list('numbers in [0, 1]', isShare, null),
    curve: oneOf(['ROC', 'PR', 'PRGAIN'], 'ROC'),
    summationMethod: oneOf(['interpolation', 'minoring', 'majoring'], 'interpolation'),
    multiLabel: boolean(false),
    labelWeights: list('numbers ≥ 0', isWeight, null),
    fromLogits: boolean(false),
  },
  update({ numThresholds, thresholds, multiLabel, labelWeights, fromLogits }, yTrue, given, weight) {
    const yPred = fromLogits ? ops.sigmoid(given) : given;
    const at = thresholdsOf(numThresholds, thresholds);
    const labels = yPred.shape.at(-1);
    if (labelWeights && labelWeights.length !== labels)
      throw argumentError('labelWeights', `${labels} numbers, one for each label`, labelWeights);
    if (multiLabel) return countsByLabel(yTrue, yPred, weight, at);
    if (!labelWeights) return counts(yTrue, yPred, weight, at);
    return counts(yTrue, yPred, weight, at, { labelWeights });
  },
  result({ multiLabel, labelWeights, ...settings }, sums) {
    if (!multiLabel) return area(confusions(sums), settings);
    return weightedMean(sums, labelWeights, settings);
  },
});

function weightedMean(sums: Sums, given: readonly number[] | undefined, settings: Settings): number {
  const labels = sums.positives?.length ?? 0;
  const weights = given ?? Array.from({ length: labels }, () => 1);
  const total = weights.reduce(
    (sum, weight, label) => sum + weight * area(confusions(sums, label), settings),
    0,
  );
  return quotient(
    total,
    weights.reduce((a, b) => a + b, 0),
  );
}

function area(of: readonly Confusion[], { curve, summationMethod }: Settings): number {
  if (curve === 'PR' && summationMethod === 'interpolation') return interpolatedPrecision(of);
  const points = of.map(curve === 'ROC' ? roc : curve === 'PR' ? precisionByRecall : gains);
  const height = {
    interpolation: (a: number, b: number) => (a + b) / 2,
    minoring: Math.min,
    majoring: Math.max,
  };
  return pairs(points).reduce(
    (sum, [a, b]) => sum + (a.x - b.x) * height[summationMethod ?? 'interpolation'](a.y, b.y),
    0,
  );
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const roc = (at: Confusion): Point => ({
  x: quotient(at.falsePositives, at.falsePositives + at.trueNegatives),
  y: recallOf(at),
});

const precisionByRecall = (at: Confusion): Point => ({ x: recallOf(at), y: precisionOf(at) });

function gains({
  truePositives: yes,
  falsePositives: wrong,
  trueNegatives,
  falseNegatives: missed,
}: Confusion): Point {
  const scale = quotient(yes + missed, trueNegatives + wrong);
  if (yes === 0) return { x: 0, y: 1 };
  return { x: Math.max(1 - scale * quotient(missed, yes), 0), y: 1 - scale * quotient(wrong, yes) };
}

/** Each element with the next. */
const pairs = <T>(of: readonly T[]): [T, T][] => of.slice(1).map((next, i): [T, T] => [of[i] as T, next]);

/** Between thresholds precision is no line: it is that of true positives which grow in step with the positives. */
function interpolatedPrecision(of: readonly Confusion[]): number {
  const positive = (at: Confusion): number => at.truePositives + at.falsePositives;
  return pairs(of).reduce((sum, [a, b]) => {
    const gained = a.truePositives - b.truePositives;
    const slope = quotient(gained, Math.max(positive(a) - positive(b), 0));
    const intercept = b.truePositives - slope * positive(b);
    const ratio = positive(a) > 0 && positive(b) > 0 ? positive(a) / positive(b) : 1;
    const all = Math.max(b.truePositives + b.falseNegatives, 0);
    return sum + quotient(slope * (gained + intercept * Math.log(ratio)), all);
  }, 0);
}
