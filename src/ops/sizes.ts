/**
 * Sizes of axes as ops are told them, or have to know them.
 */
import { MOST_AXES } from '../core/nested.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, shapeError } from '../errors.js';

/** True for the size of an axis. */
const isSize = (size: unknown): size is number => Number.isSafeInteger(size) && (size as number) >= 0;

/** @throws {RidgelineError} `ERR_ARGUMENT` for what are no sizes that are known. */
export function checkSizes(shape: unknown, expected = 'a list of sizes'): asserts shape is readonly number[] {
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !Array.from(shape).every(isSize))
    throw argumentError('shape', expected, shape);
}

/** The size of an axis, `null` where it is unknown. @throws {RidgelineError} `ERR_ARGUMENT` where there is no such axis. */
export function sizeAlong(x: SymbolicTensor, axis: number): number | null {
  if (axis < -x.rank || axis >= x.rank)
    throw argumentError('axis', `between ${-x.rank} and ${x.rank - 1}`, axis);
  return x.shape.at(axis) ?? null;
}

/** As {@link sizeAlong}. @throws {RidgelineError} `ERR_SHAPE` where it is unknown. */
export function sizeOf(x: SymbolicTensor, axis: number): number {
  const size = sizeAlong(x, axis);
  if (size === null) throw shapeError('x', `a known size along axis ${axis}`, shapeText(x.shape));
  return size;
}

/**
 * What has the size of `x` along each axis where `shape` says `null`, 1 along all others, and as many axes: for ops that take
 * sizes which are unknown from a tensor.
 * @throws {RidgelineError} `ERR_ARGUMENT` for what are no sizes, or `null` for an axis that `x` does not have.
 */
export function carrier(x: SymbolicTensor, shape: readonly (number | null)[]): SymbolicTensor {
  const fits = (d: unknown, axis: number): boolean => (d === null ? axis < x.rank : isSize(d));
  if (!Array.isArray(shape) || shape.length > MOST_AXES || !Array.from(shape).every(fits))
    throw argumentError('shape', `a list of sizes, null for those of ${shapeText(x.shape)}`, shape);
  const trace = Trace.running;
  const axes = x.shape.flatMap((_, axis) => (shape[axis] === null ? [] : [axis]));
  const numbers = trace.emit('cast', [x], { dtype: 'float32' })[0];
  let of = axes.length > 0 ? trace.emit('sum', [numbers], { axes, keepdims: true })[0] : numbers;
  while (of.rank > shape.length) of = trace.emit('squeeze', [of], { axis: -1 })[0];
  while (of.rank < shape.length) of = trace.emit('expandDims', [of], { axis: -1 })[0];
  return of;
}
