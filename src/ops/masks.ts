/**
 * Masks and weights of the first axes: in the shape to meet all of them, and what two masks say together.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { shapeError } from '../errors.js';
import { logicalAnd } from './comparison.js';
import { expandDims } from './shaping.js';

/**
 * `[batch, …]` as `[batch, …, 1, …]`, to broadcast against `each`.
 * @param name - What it is, for errors.
 */
export function along(of: SymbolicTensor, each: SymbolicTensor, name = 'sampleWeight'): SymbolicTensor {
  if (of.rank > each.rank) throw shapeError(name, `at most ${each.rank} axes`, shapeText(of.shape));
  let wide = of;
  while (wide.rank < each.rank) wide = expandDims(wide, -1);
  return wide;
}

/** What counts by both masks, either of which may be missing. */
export function both(
  a: SymbolicTensor | undefined,
  b: SymbolicTensor | undefined,
): SymbolicTensor | undefined {
  return a && b ? logicalAnd(a, b) : (a ?? b);
}
