/**
 * Indices as vectors: how categories come out of the layers that tell them.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import { shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';

/** One vector for each index, or one for all of a sample: which occur, or how often. */
export type Encoding = 'oneHot' | 'multiHot' | 'count';

/**
 * Indices `[…, n]` as vectors `[…, n, depth]`, or `[…, depth]` where n is 1; or of a whole sample `[…, depth]`. Indices
 * outside `[0, depth)` are in none.
 */
export function encoded(
  indices: SymbolicTensor,
  depth: number,
  as: Encoding,
  weights?: SymbolicTensor,
): SymbolicTensor {
  const { rank } = indices;
  if (as === 'oneHot') {
    const isColumn = rank > 1 && indices.shape.at(-1) === 1;
    return ops.oneHot(isColumn ? ops.squeeze(indices, -1) : indices, depth);
  }
  const column = (x: SymbolicTensor): SymbolicTensor => (rank === 1 ? ops.expandDims(x, -1) : x);
  const each = ops.oneHot(column(indices), depth);
  if (as === 'multiHot') return ops.max(each, { axis: -2 });
  if (!weights) return ops.sum(each, { axis: -2 });
  const fits = (d: number | null, i: number): boolean =>
    d === null || weights.shape[i] === null || d === weights.shape[i];
  if (weights.rank !== rank || !indices.shape.every(fits))
    throw shapeError('countWeights', shapeText(indices.shape), shapeText(weights.shape));
  return ops.sum(ops.mul(each, ops.expandDims(column(weights), -1)), { axis: -2 });
}
