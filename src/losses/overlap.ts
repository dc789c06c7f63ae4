/**
 * Losses of regions that ought to overlap, for segmentation: one less their Dice or Tversky index.
 */
import { axes, nonNegative, nullable } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, EPSILON, float } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';

/** Options of {@link dice}. */
export interface DiceOptions {
  /** Axes of a region. Default all, the batch too: one value, which no weights apply to. */
  readonly axis?: number | readonly number[] | null | undefined;
}

/** Options of {@link tversky}. */
export interface TverskyOptions extends DiceOptions {
  /** Factor of what is missed. Default 0.5. */
  readonly alpha?: number | undefined;
  /** Factor of what is too much. Default 0.5. */
  readonly beta?: number | undefined;
}

const region = nullable(axes(null));

const sumOver = (axis: DiceOptions['axis']): ((x: SymbolicTensor) => SymbolicTensor) => {
  const options = axis === undefined || axis === null ? {} : { axis };
  return (x) => ops.sum(x, options);
};

/** `1 − 2·Σyŷ / (Σy + Σŷ + 10⁻⁷)` (Milletari et al. 2016). */
export const dice: LossFactory<DiceOptions> = defineLoss<DiceOptions>({
  name: 'dice',
  options: { axis: region },
  call({ axis }, yTrue, yPred) {
    const y = align(float(yTrue), yPred);
    const sum = sumOver(axis);
    const both = ops.add(ops.add(sum(y), sum(yPred)), EPSILON);
    return ops.sub(1, ops.div(ops.mul(sum(ops.mul(y, yPred)), 2), both));
  },
});

/**
 * `1 − Σyŷ / (Σyŷ + alpha·Σy(1 − ŷ) + beta·Σŷ(1 − y) + 10⁻⁷)`: as in Keras alpha weighs what is missed, and beta what is
 * taken for it wrongly; in the paper it is the other way round (Salehi et al. 2017).
 */
export const tversky: LossFactory<TverskyOptions> = defineLoss<TverskyOptions>({
  name: 'tversky',
  options: { axis: region, alpha: nonNegative(0.5), beta: nonNegative(0.5) },
  call({ axis, alpha, beta }, yTrue, yPred) {
    const y = align(float(yTrue), yPred);
    const sum = sumOver(axis);
    const shared = sum(ops.mul(y, yPred));
    const missed = sum(ops.mul(ops.sub(1, yPred), y));
    const added = sum(ops.mul(yPred, ops.sub(1, y)));
    const whole = ops.add(ops.add(shared, ops.mul(missed, alpha)), ops.add(ops.mul(added, beta), EPSILON));
    return ops.sub(1, ops.div(shared, whole));
  },
});
