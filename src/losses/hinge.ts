/**
 * Hinge losses: how far a prediction is from the right side of a margin of one.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, float } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';

/** Labels of −1 and 1: those of a batch that has only 0 and 1 stand for them. */
function signs(y: SymbolicTensor): SymbolicTensor {
  const is01 = ops.logicalOr(ops.equal(y, 0), ops.equal(y, 1));
  const all = ops.min(ops.cast(is01, 'float32'));
  return ops.where(ops.greater(all, 0), ops.sub(ops.mul(y, 2), 1), y);
}

const marginOf = (name: string, of: (margin: SymbolicTensor) => SymbolicTensor): LossFactory =>
  defineLoss({
    name,
    options: {},
    call(_, yTrue, yPred) {
      const y = signs(align(float(yTrue), yPred));
      return ops.mean(of(ops.relu(ops.sub(1, ops.mul(y, yPred)))), { axis: -1 });
    },
  });

/** Mean over the last axis of `max(1 − y·ŷ, 0)`, for labels −1 and 1, or 0 and 1. */
export const hinge: LossFactory = marginOf('hinge', (margin) => margin);

/** Mean over the last axis of `max(1 − y·ŷ, 0)²`, for labels −1 and 1, or 0 and 1. */
export const squaredHinge: LossFactory = marginOf('squaredHinge', (margin) => ops.square(margin));

/** `max(1 + max((1 − y)·ŷ) − Σ y·ŷ, 0)` over the last axis, for one-hot labels. */
export const categoricalHinge: LossFactory = defineLoss({
  name: 'categoricalHinge',
  options: {},
  call(_, yTrue, yPred) {
    const y = align(float(yTrue), yPred);
    const right = ops.sum(ops.mul(y, yPred), { axis: -1 });
    const wrong = ops.max(ops.mul(ops.sub(1, y), yPred), { axis: -1 });
    return ops.relu(ops.add(ops.sub(wrong, right), 1));
  },
});
