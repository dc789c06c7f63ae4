/**
 * Losses of vectors and distributions that ought to be alike.
 */
import { axis as axisOption } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, EPSILON, float } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';

/** Options of {@link cosineSimilarity}. */
export interface CosineSimilarityOptions {
  /** Axis of the vectors. Default the last. */
  readonly axis?: number | undefined;
}

/** `−cos(y, ŷ)`: −1 for vectors of one direction, 1 for opposite ones, 0 where one has no length. */
export const cosineSimilarity: LossFactory<CosineSimilarityOptions> = defineLoss<CosineSimilarityOptions>({
  name: 'cosineSimilarity',
  options: { axis: axisOption(-1) },
  call({ axis }, yTrue, yPred) {
    const y = align(float(yTrue), yPred);
    const [a, b] = [y, yPred].map((of) => ops.normalize(of, { axis, epsilon: EPSILON }));
    return ops.neg(ops.sum(ops.mul(a as SymbolicTensor, b as SymbolicTensor), { axis }));
  },
});

/** `Σ y·ln(y / ŷ)` over the last axis, both held inside [10⁻⁷, 1] (Kullback and Leibler 1951). */
export const klDivergence: LossFactory = defineLoss({
  name: 'klDivergence',
  options: {},
  call(_, yTrue, yPred) {
    const y = ops.clip(align(float(yTrue), yPred), EPSILON, 1);
    const p = ops.clip(yPred, EPSILON, 1);
    return ops.sum(ops.mul(y, ops.log(ops.div(y, p))), { axis: -1 });
  },
});
