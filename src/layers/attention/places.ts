/**
 * Places in a sequence, for layers that tell them to what comes behind: counted, or given.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type Tensor } from '../../core/tensor.js';
import { shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds, CallOptions } from '../arguments.js';

/** What a call of a layer of positions takes. */
export interface PositionCallOptions extends CallOptions {
  /**
   * The place of each step, int32 or float32 `[time]` or `[batch, time]`, such as of a sequence that goes on. Default
   * 0, 1, ….
   */
  readonly positions?: SymbolicTensor | undefined;
}

/** Names of {@link PositionCallOptions}, besides those of every call. */
export const POSITION_CALL_OPTIONS: CallOptionKinds = { positions: 'tensors' };

/**
 * `place · frequency` of each step, `[1 or batch, time, frequencies]`.
 * @param axis - Of `x`, along which time goes.
 */
export function angles(
  x: SymbolicTensor,
  axis: number,
  frequencies: Tensor,
  given: SymbolicTensor | undefined,
): SymbolicTensor {
  if (given && given.rank !== 1 && given.rank !== 2)
    throw shapeError('positions', '[time] or [batch, time]', shapeText(given.shape));
  const places = ops.cast(given ?? ops.positions(x, axis), 'float32');
  const rows = places.rank === 1 ? ops.expandDims(places, 0) : places;
  return ops.mul(ops.expandDims(rows, -1), frequencies);
}
