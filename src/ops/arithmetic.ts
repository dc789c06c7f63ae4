/**
 * Arithmetic, element by element, with NumPy broadcasting. Operands of several types become of one, as in Keras: float32 where
 * one of them is, else int32.
 */
import { floatOp, nativeOp, promotingOp } from '../core/apply.js';
import type { Operand, Result } from '../core/operand.js';

/** `a + b`. Throws `ERR_SHAPE` when the shapes do not broadcast. */
export const add = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('add', [a, b]);
/** `a − b`. */
export const sub = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('sub', [a, b]);
/** `a · b`. */
export const mul = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('mul', [a, b]);
/** `a / b`, in float32 also for integers. */
export const div = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  floatOp('div', [a, b]);
/** `a` to the power `b`. */
export const pow = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('pow', [a, b]);
/** The larger of two; NaN where either is. */
export const maximum = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('maximum', [a, b]);
/** The smaller of two; NaN where either is. */
export const minimum = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('minimum', [a, b]);
/** `x` held between `min` and `max`, numbers or tensors. */
export const clip = <A extends Operand, L extends Operand, H extends Operand>(
  x: A,
  min: L,
  max: H,
): Result<A | L | H> => minimum(maximum(x, min), max) as Result<A | L | H>;

/** `−x`. */
export const neg = <A extends Operand>(x: A): Result<A> => nativeOp('neg', [x]);
/** `|x|`; its gradient at 0 is 0. */
export const abs = <A extends Operand>(x: A): Result<A> => nativeOp('abs', [x]);
/** −1, 0 or 1. */
export const sign = <A extends Operand>(x: A): Result<A> => nativeOp('sign', [x]);
/** `√x`. */
export const sqrt = <A extends Operand>(x: A): Result<A> => floatOp('sqrt', [x]);
/** `1 / √x`. */
export const rsqrt = <A extends Operand>(x: A): Result<A> => floatOp('rsqrt', [x]);
/** `x²`. */
export const square = <A extends Operand>(x: A): Result<A> => nativeOp('square', [x]);
/** `1 / x`. */
export const reciprocal = <A extends Operand>(x: A): Result<A> => floatOp('reciprocal', [x]);
/** `eˣ`. */
export const exp = <A extends Operand>(x: A): Result<A> => floatOp('exp', [x]);
/** `eˣ − 1`, exact near 0. */
export const expm1 = <A extends Operand>(x: A): Result<A> => floatOp('expm1', [x]);
/** Natural logarithm. */
export const log = <A extends Operand>(x: A): Result<A> => floatOp('log', [x]);
/** `ln(1 + x)`, exact near 0. */
export const log1p = <A extends Operand>(x: A): Result<A> => floatOp('log1p', [x]);
/** The error function. */
export const erf = <A extends Operand>(x: A): Result<A> => floatOp('erf', [x]);
/** The largest integer not above `x`. */
export const floor = <A extends Operand>(x: A): Result<A> => nativeOp('floor', [x]);
/** Sine of an angle in radians. */
export const sin = <A extends Operand>(x: A): Result<A> => floatOp('sin', [x]);
/** Cosine of an angle in radians. */
export const cos = <A extends Operand>(x: A): Result<A> => floatOp('cos', [x]);
/** `x`, which the gradient takes for a constant. */
export const stopGradient = <A extends Operand>(x: A): Result<A> => nativeOp('stopGradient', [x]);
