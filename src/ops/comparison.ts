/**
 * Comparisons, logic, choice and conversion.
 */
import { floating, nativeOp, op, promoted, promotingOp } from '../core/apply.js';
import { checkDtype } from '../core/elements.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { DType } from '../core/tensor.js';
import { abs } from './arithmetic.js';

/** The operands of a comparison: a number that no int32 reaches is beyond all of them, which float32 keeps. */
function compared<A extends Operand, B extends Operand>(a: A, b: B): [A, B] {
  const beyond = <N extends Operand>(x: N, other: Operand): N => {
    const isInteger = typeof other === 'object' && other?.dtype === 'int32';
    const fits = typeof x !== 'number' || (x >= -(2 ** 31) && x < 2 ** 31) || Number.isNaN(x);
    return isInteger && !fits ? ((Math.sign(x) * Number.POSITIVE_INFINITY) as N) : x;
  };
  return [beyond(a, b), beyond(b, a)];
}

/** `a < b`, as bool. */
export const less = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('less', compared(a, b));
/** `a ≤ b`, as bool. */
export const lessEqual = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('lessEqual', compared(a, b));
/** `a > b`, as bool. */
export const greater = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('greater', compared(a, b));
/** `a ≥ b`, as bool. */
export const greaterEqual = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('greaterEqual', compared(a, b));
/** `a = b`, as bool. */
export const equal = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('equal', compared(a, b));
/** `a ≠ b`, as bool. */
export const notEqual = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  promotingOp('notEqual', compared(a, b));
/** Both of two booleans. */
export const logicalAnd = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  nativeOp('logicalAnd', [a, b]);
/** Either of two booleans. */
export const logicalOr = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  nativeOp('logicalOr', [a, b]);
/** The other boolean. */
export const logicalNot = <A extends Operand>(x: A): Result<A> => nativeOp('logicalNot', [x]);
/** One of two booleans, not both. */
export const logicalXor = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  notEqual(cast(a, 'bool') as Operand, cast(b, 'bool') as Operand) as Result<A | B>;
/** Whether elements are NaN, as bool. */
const nan = <A extends Operand>(x: A): Result<A> => notEqual(x, x) as Result<A>;
/** Whether elements are neither NaN nor infinite, as bool. */
const finite = <A extends Operand>(x: A): Result<A> =>
  op('isFinite', [x], (trace, [of]) =>
    less(abs(floating(trace, of as SymbolicTensor)), Number.POSITIVE_INFINITY),
  );
/** `a` where `condition` holds, else `b`. */
export const where = <C extends Operand, A extends Operand, B extends Operand>(
  condition: C,
  a: A,
  b: B,
): Result<C | A | B> =>
  op(
    'where',
    [condition, a, b],
    (trace, [holds, ...values]) =>
      trace.emit('where', [holds as SymbolicTensor, ...promoted(trace, values)])[0],
    1,
  );
/** `x` with another element type: truncated towards zero, 0 and 1 for booleans. */
export const cast = <A extends Operand>(x: A, dtype: DType): Result<A> =>
  nativeOp('cast', [x], { dtype: checkDtype(dtype) });

export { finite as isFinite, nan as isNaN };
