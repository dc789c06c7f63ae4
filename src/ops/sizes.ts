/**
 * Sizes of axes where an op has to know them.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, shapeError } from '../errors.js';

/** The size of an axis. @throws {RidgelineError} `ERR_SHAPE` where it is unknown, `ERR_ARGUMENT` where there is no such axis. */
export function sizeOf(x: SymbolicTensor, axis: number): number {
  if (axis < -x.rank || axis >= x.rank)
    throw argumentError('axis', `between ${-x.rank} and ${x.rank - 1}`, axis);
  const size = x.shape.at(axis);
  if (size === null || size === undefined)
    throw shapeError('x', `a known size along axis ${axis}`, shapeText(x.shape));
  return size;
}
