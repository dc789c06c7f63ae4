/**
 * Reductions over axes.
 */
import { nativeOp } from '../core/apply.js';
import { options as checkOptions } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';

/** Options of a reduction. */
export interface ReduceOptions {
  /** Axis or axes; negative counts from the back. Default: all. */
  readonly axis?: number | readonly number[] | undefined;
  /** True to keep reduced axes with size one. Default false. */
  readonly keepdims?: boolean | undefined;
}

function reduce<A extends Operand>(
  name: 'sum' | 'mean' | 'max' | 'min',
  x: A,
  given: ReduceOptions,
): Result<A> {
  const { axis, keepdims = false } = checkOptions(name, given, ['axis', 'keepdims']);
  const axes = axis === undefined ? null : typeof axis === 'number' ? [axis] : axis;
  return nativeOp(name, [x], { axes, keepdims });
}

/** The sum over `axis`. */
export const sum = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('sum', x, options);
/** The mean over `axis`. */
export const mean = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('mean', x, options);
/** The largest over `axis`; NaN if there is one. */
export const max = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('max', x, options);
/** The smallest over `axis`; NaN if there is one. */
export const min = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('min', x, options);
/** The index of the largest along `axis` (default: the last), as int32; the first of equals. */
export const argMax = <A extends Operand>(x: A, axis = -1): Result<A> => nativeOp('argMax', [x], { axis });
