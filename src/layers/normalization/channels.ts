/**
 * The axis that a normalization has weights along, and weights along it.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';

/**
 * The axis of the channels, counted from the front.
 * @throws {RidgelineError} `ERR_ARGUMENT` for one that is not there, and for the batch.
 */
export function channelAxis(axis: number, { length: rank }: Shape): number {
  const at = axis < 0 ? axis + rank : axis;
  if (at >= 1 && at < rank) return at;
  throw argumentError('axis', `an axis of an input of rank ${rank} behind the batch`, axis);
}

/** A weight of one number for each index along `axis` of `x`, to broadcast against it. */
export const alongAxis = (weight: Weight, x: SymbolicTensor, axis: number): SymbolicTensor =>
  ops.reshape(weight, [x.shape[axis] as number, ...x.shape.slice(axis + 1).map(() => 1)]);
