/**
 * Reductions over axes.
 */
import { floating, nativeOp, op } from '../core/apply.js';
import { boolean, options as checkOptions, integer, positive } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { abs, add, exp, log, mul, neg, pow, sqrt, square, stopGradient, sub } from './arithmetic.js';
import { cast, greater, less, where } from './comparison.js';
import { concat, reshape, slice, squeeze } from './shaping.js';
import { sizeOf } from './sizes.js';

/** Options of a reduction. */
export interface ReduceOptions {
  /** Axis or axes; negative counts from the back. Default: all. */
  readonly axis?: number | readonly number[] | undefined;
  /** True to keep reduced axes with size one. Default false. */
  readonly keepdims?: boolean | undefined;
}

/** Options of {@link norm}. */
export interface NormOptions extends ReduceOptions {
  /** Exponent p > 0 of `(Σ|x|ᵖ)^(1/p)`, or `Infinity` for the largest. Default 2. */
  readonly ord?: number | undefined;
}

/** Options, checked; no axes for all. */
function reduced(name: string, given: ReduceOptions): { axes: readonly number[] | null; keepdims: boolean } {
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
  return { axes, keepdims };
}

function reduce<A extends Operand>(
  name: 'sum' | 'mean' | 'max' | 'min',
  x: A,
  given: ReduceOptions,
): Result<A> {
  const over = reduced(name, given);
  if (name !== 'mean') return nativeOp(name, [x], over);
  return op(
    name,
    [x],
    (trace, [value]) => trace.emit(name, [floating(trace, value as SymbolicTensor)], over)[0],
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

/** What is true of the largest, or of the smallest, of ones and zeros; of none of them it is `empty`. */
const truth =
  (name: string, by: 'max' | 'min', empty: number) =>
  <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> => {
    const over = { ...reduced(name, options), empty };
    return greater(nativeOp(by, [cast(cast(x, 'bool'), 'float32') as Operand], over), 0) as Result<A>;
  };

/** Whether one over `axis` is not 0, as bool; of no elements none is. */
export const any: <A extends Operand>(x: A, options?: ReduceOptions) => Result<A> = truth('any', 'max', 0);
/** Whether none over `axis` is 0, as bool; of no elements none is. */
export const all: <A extends Operand>(x: A, options?: ReduceOptions) => Result<A> = truth('all', 'min', 1);
/** The index of the largest along `axis` (default: the last; `null`: of all elements in a row), as int32; the first of equals. */
export const argMax = <A extends Operand>(x: A, axis: number | null = -1): Result<A> =>
  axis === null
    ? (argMax(reshape(x, [-1]), 0) as Result<A>)
    : nativeOp('argMax', [x], { axis: integer('axis', axis, -MOST_AXES) });

/** The index of the smallest along `axis` (default: the last; `null`: of all elements in a row), as int32; the first of equals. */
export const argMin = <A extends Operand>(x: A, axis: number | null = -1): Result<A> =>
  op('argMin', [x], (_, [value]) => {
    const of = value as SymbolicTensor;
    // The least int32 has no negative of its own.
    return argMax(of.dtype === 'float32' ? neg(of) : sub(-1, cast(of, 'int32')), axis);
  });

/** The product along an axis, whose size is known, and stays as 1: by halves. */
function productOf(x: SymbolicTensor, axis: number): SymbolicTensor {
  let [y, size] = [x, sizeOf(x, axis)];
  if (size === 0) return add(sum(x, { axis, keepdims: true }), 1);
  for (; size > 1; size = Math.ceil(size / 2)) {
    const half = size >> 1;
    const pairs = mul(slice(y, 0, half, axis), slice(y, half, half, axis));
    y = size % 2 === 0 ? pairs : (concat([pairs, slice(y, size - 1, 1, axis)], axis) as SymbolicTensor);
  }
  return y;
}

/**
 * The product over `axis`; that of int32 wraps.
 * @throws {RidgelineError} `ERR_SHAPE` where a size along it is unknown.
 */
export function prod<A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> {
  const { axes, keepdims } = reduced('prod', options);
  return op('prod', [x], (_, [value]) => {
    const of = value as SymbolicTensor;
    const places = (axes ?? of.shape.map((_, axis) => axis)).map((axis) =>
      axis < 0 ? axis + of.rank : axis,
    );
    const products = places.reduce(productOf, of.dtype === 'bool' ? cast(of, 'int32') : of);
    if (keepdims) return products;
    return squeeze(products, [...new Set(places)]);
  });
}

/** The biased variance over `axis`. */
export const variance = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  op('variance', [x], (trace, [value]) => {
    const of = floating(trace, value as SymbolicTensor);
    return mean(square(sub(of, mean(of, { ...options, keepdims: true }))), options);
  });

/** The square root of {@link variance}. */
export const std = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  op('std', [x], (_, [value]) => sqrt(variance(value as SymbolicTensor, options)));

/** `log Σ exp x` over `axis`, without overflow. */
export const logSumExp = <A extends Operand>(x: A, options: ReduceOptions = {}): Result<A> =>
  op('logSumExp', [x], (trace, [value]) => {
    const of = floating(trace, value as SymbolicTensor);
    const shift = (keepdims: boolean): SymbolicTensor => {
      const largest = stopGradient(max(of, { ...options, keepdims }));
      return where(less(abs(largest), Number.POSITIVE_INFINITY), largest, 0);
    };
    return add(log(sum(exp(sub(of, shift(true))), options)), shift(options.keepdims ?? false));
  });

/** The norm of the vectors along `axis`: by default the square root of the sum of squares. */
export function norm<A extends Operand>(x: A, options: NormOptions = {}): Result<A> {
  const { ord = 2, ...over } = checkOptions('norm', options, ['axis', 'keepdims', 'ord']);
  if (ord !== Number.POSITIVE_INFINITY) positive('ord', ord);
  return op('norm', [x], (trace, [value]) => {
    const of = floating(trace, value as SymbolicTensor);
    if (ord === 2) return sqrt(sum(square(of), over));
    if (ord === 1) return sum(abs(of), over);
    if (ord === Number.POSITIVE_INFINITY) return max(abs(of), over);
    return pow(sum(pow(abs(of), ord), over), 1 / ord);
  });
}
