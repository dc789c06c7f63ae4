/**
 * Circle loss (Sun et al. 2020): embeddings of one class are drawn together and those of others apart, each pair as much
 * as it still needs.
 */
import { boolean, nonNegative } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { defineLoss, type LossFactory } from './loss.js';

/** Options of {@link circle}. */
export interface CircleOptions {
  /** Scale of the exponents. Default 80. */
  readonly gamma?: number | undefined;
  /** How far from their ideal pairs may be. Default 0.4. */
  readonly margin?: number | undefined;
  /** Leaves out the pair of a sample with itself. Default true. */
  readonly removeDiagonal?: boolean | undefined;
}

/** Stands for −∞ among exponents, where its difference to itself is still a number. */
const NEVER = -1e30;

/**
 * `softplus(log Σ exp(−γ·a₊·(m − d)) + log Σ exp(γ·a₋·(1 − m − d)))` for each sample, with the cosine distances `d` to the
 * samples of its class and to others, `a₊ = m + d` and `a₋ = 1 + m − d`. Labels are class numbers `[batch]`, predictions
 * vectors of length one `[batch, size]`. As in Keras, samples whose value is 0 do not count.
 */
export const circle: LossFactory<CircleOptions> = defineLoss<CircleOptions>({
  name: 'circle',
  options: { gamma: nonNegative(80), margin: nonNegative(0.4), removeDiagonal: boolean(true) },
  call({ gamma, margin, removeDiagonal }, yTrue, yPred) {
    const isColumn = yTrue.rank === 2 && yTrue.shape[1] === 1;
    if (yPred.rank !== 2 || !(yTrue.rank === 1 || isColumn))
      throw shapeError('yTrue', '[batch], for yPred [batch, size]', shapeText(yTrue.shape));
    const labels = isColumn ? yTrue : ops.expandDims(yTrue, 1);
    const alike = ops.equal(labels, ops.transpose(labels));
    const place = ops.cumsum(ops.onesLike(ops.cast(labels, 'float32')), 0);
    const other = ops.notEqual(place, ops.transpose(place));
    const positive = removeDiagonal ? ops.logicalAnd(alike, other) : alike;
    const distance = ops.maximum(ops.sub(1, ops.matmul(yPred, yPred, { transposeB: true })), 0);
    const near = ops.mul(ops.add(margin, distance), ops.sub(distance, margin));
    const far = ops.mul(ops.maximum(ops.sub(1 + margin, distance), 0), ops.sub(1 - margin, distance));
    const sum = (of: SymbolicTensor, mask: SymbolicTensor): SymbolicTensor =>
      ops.logSumExp(ops.where(mask, ops.mul(of, gamma), NEVER), { axis: 1 });
    return ops.softplus(ops.add(sum(near, positive), sum(far, ops.logicalNot(alike))));
  },
  valid: (_, __, ___, each) => ops.greater(each, 0),
});
