/**
 * F scores: the harmonic mean of precision and recall, by class.
 */
import { fraction, oneOf, positive } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { shapeError } from '../errors.js';
import { align, EPSILON, float } from '../losses/labels.js';
import { weightsLike } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { defineSums, type Increments, type MetricFactory, type Sums } from './metric.js';

/** Options of {@link f1Score}. */
export interface F1Options {
  /**
   * How classes become one number: their mean, their mean weighted by how frequent they are, all answers taken together,
   * or not at all, which gives as many numbers as classes. Default `'macro'`.
   */
  readonly average?: 'macro' | 'weighted' | 'micro' | 'none' | undefined;
  /** A prediction strictly above is a yes. By default the largest of a row is. */
  readonly threshold?: number | null | undefined;
}

/** Options of {@link fBetaScore}. */
export interface FBetaOptions extends F1Options {
  /** Recall counts so many times as much as precision. Default 1. */
  readonly beta?: number | undefined;
}

/** A prediction so close to 0 is no yes, even if it is the largest. */
const NOTHING = 1e-9;

const options = {
  average: oneOf(['macro', 'weighted', 'micro', 'none'], 'macro'),
  threshold: fraction(null),
};

function update(
  threshold: number | undefined,
  yTrue: SymbolicTensor,
  yPred: SymbolicTensor,
  weight: SymbolicTensor | undefined,
): Increments {
  if (yPred.rank !== 2) throw shapeError('yPred', '[batch, classes]', shapeText(yPred.shape));
  const y = align(float(yTrue), yPred);
  const largest = (): SymbolicTensor =>
    ops.logicalAnd(
      ops.greaterEqual(yPred, ops.max(yPred, { axis: -1, keepdims: true })),
      ops.greater(ops.abs(yPred), NOTHING),
    );
  const yes = ops.cast(threshold === undefined ? largest() : ops.greater(yPred, threshold), 'float32');
  const weights = weightsLike(weight, yPred);
  const down = (x: SymbolicTensor): SymbolicTensor => ops.sum(ops.mul(x, weights), { axis: 0 });
  return {
    truePositives: down(ops.mul(yes, y)),
    falsePositives: down(ops.mul(yes, ops.sub(1, y))),
    falseNegatives: down(ops.mul(ops.sub(1, yes), y)),
    labels: down(y),
  };
}

function result(average: string, beta: number, sums: Sums): number | readonly number[] {
  const { truePositives = [], falsePositives = [], falseNegatives = [], labels = [] } = sums;
  const total = (of: readonly number[]): number => of.reduce((a, b) => a + b, 0);
  const score = (yes: number, wrong: number, missed: number): number => {
    const [precision, recall] = [yes / (yes + wrong + EPSILON), yes / (yes + missed + EPSILON)];
    return ((1 + beta ** 2) * precision * recall) / (beta ** 2 * precision + recall + EPSILON);
  };
  if (average === 'micro') return score(total(truePositives), total(falsePositives), total(falseNegatives));
  const scores = truePositives.map((yes, i) =>
    score(yes, falsePositives[i] as number, falseNegatives[i] as number),
  );
  if (average === 'none') return scores;
  if (average === 'macro') return total(scores) / scores.length;
  return total(scores.map((x, i) => x * (labels[i] as number))) / (total(labels) + EPSILON);
}

/** `(1 + β²)·P·R / (β²·P + R)` of precision and recall by class `[batch, classes]` (van Rijsbergen 1979). */
export const fBetaScore: MetricFactory<'f_beta_score', FBetaOptions> = defineSums<
  'f_beta_score',
  FBetaOptions
>({
  name: 'f_beta_score',
  direction: 'max',
  options: { ...options, beta: positive(1) },
  update: ({ threshold }, yTrue, yPred, weight) => update(threshold, yTrue, yPred, weight),
  result: ({ average, beta }, sums) => result(average, beta, sums),
});

/** {@link fBetaScore} with β = 1: the harmonic mean of precision and recall. */
export const f1Score: MetricFactory<'f1_score', F1Options> = defineSums<'f1_score', F1Options>({
  name: 'f1_score',
  direction: 'max',
  options,
  update: ({ threshold }, yTrue, yPred, weight) => update(threshold, yTrue, yPred, weight),
  result: ({ average }, sums) => result(average, 1, sums),
});
