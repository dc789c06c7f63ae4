/**
 * How well numbers are predicted: root of the mean square, R², and likeness of vectors.
 */
import { axis as axisOption, integer, oneOf } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { shapeError } from '../errors.js';
import { align, EPSILON, float } from '../losses/labels.js';
import { weightsLike } from '../losses/reduction.js';
import { cosineSimilarity as cosineLoss } from '../losses/similarity.js';
import * as ops from '../ops/index.js';
import { defineMean, defineSums, type MetricFactory, type Sums } from './metric.js';

/** Square root of the mean of squared errors. */
export const rootMeanSquaredError: MetricFactory<'root_mean_squared_error'> =
  defineMean<'root_mean_squared_error'>({
    name: 'root_mean_squared_error',
    direction: 'min',
    options: {},
    call: (_, yTrue, yPred) => ops.square(ops.sub(yPred, align(float(yTrue), yPred))),
    finish: Math.sqrt,
  });

/** Options of {@link r2Score}. */
export interface R2Options {
  /**
   * How columns become one number: their mean, their mean weighted by the variance of the labels, or not at all.
   * Default `'uniformAverage'`.
   */
  readonly classAggregation?: 'uniformAverage' | 'varianceWeightedAverage' | 'none' | undefined;
  /** Number of variables that predict, for the adjusted R², whose samples are all numbers of all columns, as in Keras 3.15; 0 for none. Default 0. */
  readonly numRegressors?: number | undefined;
}

/** `1 − Σ(y − ŷ)² / Σ(y − ȳ)²` by column `[batch, columns]`: 1 for perfect predictions, 0 for those of the mean. */
export const r2Score: MetricFactory<'r2_score', R2Options> = defineSums<'r2_score', R2Options>({
  name: 'r2_score',
  direction: 'max',
  options: {
    classAggregation: oneOf(['uniformAverage', 'varianceWeightedAverage', 'none'], 'uniformAverage'),
    numRegressors: integer(0, 0),
  },
  update(_, yTrue, yPred, weight) {
    if (yPred.rank !== 2) throw shapeError('yPred', '[batch, columns]', shapeText(yPred.shape));
    const trace = Trace.running;
    const y = align(float(yTrue), yPred);
    const each = weightsLike(weight, yPred);
    const down = (x: SymbolicTensor): SymbolicTensor => ops.sum(ops.mul(x, each), { axis: 0 });
    return {
      labels: down(y),
      squares: down(ops.square(y)),
      errors: down(ops.square(ops.sub(y, yPred))),
      weights: ops.sum(each, { axis: 0 }),
      elements: trace.size(y),
    };
  },
  result: ({ classAggregation, numRegressors }, sums) => {
    const scores = columns(sums);
    const adjusted = (score: number): number => {
      const rest = (sums.elements?.[0] ?? 0) - numRegressors - 1;
      if (numRegressors === 0 || rest <= 0) return score;
      return 1 - ((1 - score) * (rest + numRegressors)) / rest;
    };
    if (classAggregation === 'none') return scores.map(({ score }) => adjusted(score));
    const shares = scores.map(({ total }) => (classAggregation === 'uniformAverage' ? 1 : total));
    const whole = shares.reduce((a, b) => a + b, 0);
    return adjusted(scores.reduce((sum, { score }, i) => sum + score * (shares[i] as number), 0) / whole);
  },
});

/** Share of a sum of squares that is no more than what rounding leaves of it. */
const ROUNDING = 8 * 2 ** -24;

/** For each column: its score, and the sum of squares around the mean of its labels. */
function columns({
  labels = [],
  squares = [],
  errors = [],
  weights = [],
}: Sums): { score: number; total: number }[] {
  return labels.map((sum, i) => {
    const squared = squares[i] as number;
    const around = squared - (sum * sum) / (weights[i] as number);
    // Of labels that are all alike float32 sums leave a rounding or two.
    const total = Math.abs(around) <= ROUNDING * squared ? 0 : around;
    const score = 1 - (errors[i] as number) / total;
    return { score: Math.abs(score) === Number.POSITIVE_INFINITY ? 0 : score, total };
  });
}

/** Options of metrics of vectors. */
export interface VectorOptions {
  /** Axis of the vectors. Default the last. */
  readonly axis?: number | undefined;
}

const vector = { axis: axisOption(-1) };

/** Mean of the cosines of labels and predictions. */
export const cosineSimilarity: MetricFactory<'cosine_similarity', VectorOptions> = defineMean<
  'cosine_similarity',
  VectorOptions
>({
  name: 'cosine_similarity',
  direction: 'max',
  options: vector,
  call: ({ axis }, yTrue, yPred) => ops.neg(cosineLoss({ axis }).call(yTrue, yPred)),
});

/** A vector, what is left of it without its mean, and its variance. */
function centered(x: SymbolicTensor, axis: number): Record<'mean' | 'rest' | 'variance', SymbolicTensor> {
  const over = { axis, keepdims: true };
  const mean = ops.mean(x, over);
  const rest = ops.sub(x, mean);
  return { mean, rest, variance: ops.mean(ops.square(rest), over) };
}

/** Mean of the Pearson correlations of labels and predictions. */
export const pearsonCorrelation: MetricFactory<'pearson_correlation', VectorOptions> = defineMean<
  'pearson_correlation',
  VectorOptions
>({
  name: 'pearson_correlation',
  direction: 'max',
  options: vector,
  call({ axis }, yTrue, yPred) {
    const [a, b] = [centered(align(float(yTrue), yPred), axis), centered(yPred, axis)];
    const scaled = (of: typeof a): SymbolicTensor => ops.div(of.rest, ops.sqrt(of.variance));
    return ops.mean(ops.mul(scaled(a), scaled(b)), { axis });
  },
});

/** Mean of the concordance correlations of labels and predictions (Lin 1989), by Keras' formula. */
export const concordanceCorrelation: MetricFactory<'concordance_correlation', VectorOptions> = defineMean<
  'concordance_correlation',
  VectorOptions
>({
  name: 'concordance_correlation',
  direction: 'max',
  options: vector,
  call({ axis }, yTrue, yPred) {
    const y = align(float(yTrue), yPred);
    const [a, b] = [centered(y, axis), centered(yPred, axis)];
    // Keras takes the labels' distance from the mean of the predictions; the mean of the products is the same.
    const covariance = ops.mul(ops.sub(y, b.mean), b.rest);
    const norm = ops.add(ops.add(a.variance, b.variance), ops.square(ops.sub(a.mean, b.mean)));
    return ops.mean(ops.div(ops.mul(covariance, 2), ops.add(norm, EPSILON)), { axis });
  },
});
