/**
 * Indices as vectors: how categories come out of the layers that tell them.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
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
  const each = ops.oneHot(rank === 1 ? ops.expandDims(indices, -1) : indices, depth);
  if (as === 'multiHot') return ops.max(each, { axis: -2 });
  const counted = weights ? ops.mul(each, ops.expandDims(weights, -1)) : each;
  return ops.sum(counted, { axis: -2 });
}
