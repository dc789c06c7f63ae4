/**
 * Reductions over axes.
 */
import { floating, nativeOp, op } from '../core/apply.js';
import { boolean, options as checkOptions, integer } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';

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
  boolean('keepdims', keepdims);
  const axes = axis === undefined || axis === null ? null : typeof axis === 'number' ? [axis] : axis;
  if (
    axes !== null &&
    !(
      Array.isArray(axes) &&
      axes.length > 0 &&
      axes.length <= MOST_AXES &&
      Array.from(axes).every(Number.isSafeInteger)
    )
  )
    throw argumentError('axis', 'an axis, or a list of at least one', axis);
  if (name !== 'mean') return nativeOp(name, [x], { axes, keepdims });
  return op(
    name,
    [x],
    (trace, [value]) => trace.emit(name, [floating(trace, value as SymbolicTensor)], { axes, keepdims })[0],
  );
}

/** The sum over `axis`; that of int32 wraps. */
export const sum = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('sum', x, options);
/** The mean over `axis`, in float32 also for integers. */
export const mean = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('mean', x, options);
/** The largest over `axis`; NaN if there is one. */
export const max = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('max', x, options);
/** The smallest over `axis`; NaN if there is one. */
export const min = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  reduce('min', x, options);
/** The index of the largest along `axis` (default: the last), as int32; the first of equals. */
export const argMax = <A extends Operand>(x: A, axis = -1): Result<A> =>
  nativeOp('argMax', [x], { axis: integer('axis', axis, -MOST_AXES) });
