/**
 * Losses of the difference of label and prediction, with Keras' formulas: means over the last axis.
 */
import { positive } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, EPSILON, float } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';

/** The mean over the last axis; values of vectors as they are. */
const meanOfLast = (each: SymbolicTensor): SymbolicTensor =>
  each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;

const meanOf = (
  name: string,
  of: (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor,
): LossFactory =>
  defineLoss({
    name,
    options: {},
    call: (_, yTrue, yPred) => meanOfLast(of(align(float(yTrue), yPred), yPred)),
  });

/** Mean over the last axis of `(y − ŷ)²`. */
export const meanSquaredError: LossFactory = meanOf('meanSquaredError', (y, p) => ops.square(ops.sub(y, p)));

/** Mean over the last axis of `|y − ŷ|`. */
export const meanAbsoluteError: LossFactory = meanOf('meanAbsoluteError', (y, p) => ops.abs(ops.sub(y, p)));

/** 100 times the mean over the last axis of `|y − ŷ| / max(|y|, 10⁻⁷)`. */
export const meanAbsolutePercentageError: LossFactory = meanOf('meanAbsolutePercentageError', (y, p) =>
  ops.mul(ops.abs(ops.div(ops.sub(y, p), ops.maximum(ops.abs(y), EPSILON))), 100),
);

/** The logarithm of one more than `x`, which counts as 10⁻⁷ below that. */
const logOfMore = (x: SymbolicTensor): SymbolicTensor => ops.log(ops.add(ops.maximum(x, EPSILON), 1));

/** Mean over the last axis of `(ln(1 + y) − ln(1 + ŷ))²`; both count as 10⁻⁷ below that. */
export const meanSquaredLogarithmicError: LossFactory = meanOf('meanSquaredLogarithmicError', (y, p) =>
  ops.square(ops.sub(logOfMore(p), logOfMore(y))),
);

/** Mean over the last axis of `ln cosh(ŷ − y)`: a square near 0, an absolute value far away. */
export const logCosh: LossFactory = meanOf('logCosh', (y, p) => {
  const d = ops.sub(p, y);
  return ops.sub(ops.add(d, ops.softplus(ops.mul(d, -2))), Math.LN2);
});

/** Mean over the last axis of `ŷ − y·ln(ŷ + 10⁻⁷)`, for counts. */
export const poisson: LossFactory = meanOf('poisson', (y, p) =>
  ops.sub(p, ops.mul(y, ops.log(ops.add(p, EPSILON)))),
);

/** Options of {@link huber}. */
export interface HuberOptions {
  /** Where the square turns into a line. Default 1. */
  readonly delta?: number | undefined;
}

/**
 * Mean over the last axis of `½d²` where `d = |y − ŷ|` is at most `delta`, else `delta·d − ½·delta²` (Huber 1964).
 */
export const huber: LossFactory<HuberOptions> = defineLoss<HuberOptions>({
  name: 'huber',
  options: { delta: positive(1) },
  call({ delta }, yTrue, yPred) {
    const error = ops.sub(yPred, align(float(yTrue), yPred));
    const distance = ops.abs(error);
    const square = ops.mul(ops.square(error), 0.5);
    const line = ops.sub(ops.mul(distance, delta), 0.5 * delta ** 2);
    return meanOfLast(ops.where(ops.lessEqual(distance, delta), square, line));
  },
});
