/**
 * Focal cross-entropies: what is predicted well already counts little (Lin et al. 2017).
 */
import { boolean, fraction, nonNegative } from '../core/options.js';
import * as ops from '../ops/index.js';
import { type CrossentropyOptions, crossentropyOptions, distributions } from './crossentropy-options.js';
import { align, float, smoothed } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';
import { binaryEntropy, clipped, shares } from './probabilities.js';

/** Options of {@link categoricalFocalCrossentropy}. */
export interface FocalOptions extends CrossentropyOptions {
  /** Factor of all, or with `applyClassBalancing` of label 1, where label 0 has `1 − alpha`. Default 0.25. */
  readonly alpha?: number | undefined;
  /** Power of what is missing to a sure prediction. Default 2. */
  readonly gamma?: number | undefined;
}

/** Options of {@link binaryFocalCrossentropy}. */
export interface BinaryFocalOptions extends FocalOptions {
  /** True to weigh labels by `alpha`. Default false. */
  readonly applyClassBalancing?: boolean | undefined;
}

const focal = { ...crossentropyOptions, alpha: fraction(0.25), gamma: nonNegative(2) };

/** `−Σ alpha·(1 − p)^gamma·y·ln p` over an axis, for one-hot labels or distributions `[…, classes]`. */
export const categoricalFocalCrossentropy: LossFactory<FocalOptions> = defineLoss<FocalOptions>({
  name: 'categoricalFocalCrossentropy',
  options: focal,
  call({ fromLogits, labelSmoothing, axis, alpha, gamma }, yTrue, yPred) {
    const [labels, given] = distributions(yTrue, yPred, axis);
    const p = shares(fromLogits ? ops.softmax(given) : given);
    const smooth = smoothed(labels, labelSmoothing, given.shape.at(-1) as number);
    const factor = ops.mul(ops.pow(ops.sub(1, p), gamma), alpha);
    return ops.neg(ops.sum(ops.mul(factor, ops.mul(smooth, ops.log(p))), { axis: -1 }));
  },
});

/** Mean over an axis of `−(1 − p)^gamma·ln p`, with `p` the probability of the label, 0 or 1. */
export const binaryFocalCrossentropy: LossFactory<BinaryFocalOptions> = defineLoss<BinaryFocalOptions>({
  name: 'binaryFocalCrossentropy',
  probabilities: true,
  options: { ...focal, applyClassBalancing: boolean(false) },
  call({ fromLogits, labelSmoothing, axis, alpha, gamma, applyClassBalancing }, yTrue, yPred) {
    const labels = smoothed(align(float(yTrue), yPred), labelSmoothing, 2);
    const p = fromLogits ? ops.sigmoid(yPred) : yPred;
    const others = ops.sub(1, labels);
    const right = ops.add(ops.mul(labels, p), ops.mul(others, ops.sub(1, p)));
    const each = ops.mul(ops.pow(ops.sub(1, right), gamma), binaryEntropy(labels, clipped(p)));
    if (!applyClassBalancing) return ops.mean(each, { axis });
    const balance = ops.add(ops.mul(labels, alpha), ops.mul(others, 1 - alpha));
    return ops.mean(ops.mul(balance, each), { axis });
  },
});
