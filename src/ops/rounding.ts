/**
 * Rounding to integers, and what division leaves.
 */
import { floating, op } from '../core/apply.js';
import { integer } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { abs, add, div, floor, mul, neg, stopGradient, sub } from './arithmetic.js';
import { cast, equal, less, logicalAnd, where } from './comparison.js';

/** Numbers from which on float32 holds integers alone. */
const WHOLE = 2 ** 23;

/** What makes whole numbers of floats; integers are whole already. */
const rounding =
  (name: string, of: (x: SymbolicTensor) => SymbolicTensor) =>
  <A extends Operand>(x: A): Result<A> =>
    op(name, [x], (_, [given]) => {
      const value = given as SymbolicTensor;
      return value.dtype === 'float32' ? of(value) : value;
    });

/** The smallest integer not below `x`. */
export const ceil: <A extends Operand>(x: A) => Result<A> = rounding('ceil', (x) => neg(floor(neg(x))));

const remainder = (a: SymbolicTensor, b: SymbolicTensor | number): SymbolicTensor => {
  const rest = sub(a, mul(floor(div(a, b)), b));
  // The quotient may have been rounded over a whole number.
  return where(less(mul(rest, b), 0), add(rest, b), rest);
};

/**
 * What is left of `a` behind the last multiple of `b`, with the sign of `b`, as in Python; in float32, so inexact where `a`
 * is more than some millions of `b`.
 */
export const mod = <A extends Operand, B extends Operand>(a: A, b: B): Result<A | B> =>
  op('mod', [a, b], (trace, [x, y]) =>
    remainder(floating(trace, trace.value(x as Operand)), floating(trace, trace.value(y as Operand))),
  );

const nearest: <A extends Operand>(x: A) => Result<A> = rounding('round', (x) => {
  const value = stopGradient(x);
  const above = floor(add(value, 0.5));
  const isTie = logicalAnd(equal(sub(above, value), 0.5), equal(remainder(above, 2), 1));
  return where(less(abs(value), WHOLE), where(isTie, sub(above, 1), above), value);
});

/** Decimal places that a float32 can have, before the point and behind it. */
const MOST_DECIMALS = 38;

/**
 * The nearest integer, the even one of two, as in NumPy and ONNX, or the nearest number of so many decimals. Its gradient
 * is 0.
 * @param decimals - Places behind the point, before it if negative; of int32 exact up to 2²⁴. Default 0.
 */
export function round<A extends Operand>(x: A, decimals = 0): Result<A> {
  if (integer('decimals', decimals, -MOST_DECIMALS, MOST_DECIMALS) === 0) return nearest(x);
  return op('round', [x], (trace, [of]) => {
    const value = of as SymbolicTensor;
    if (value.dtype !== 'float32' && decimals > 0) return value;
    // A power of ten is exact where a fraction is not.
    const ten = 10 ** Math.abs(decimals);
    const [up, down] = decimals > 0 ? [mul, div] : [div, mul];
    const rounded = down(nearest(up(floating(trace, value), ten)), ten) as SymbolicTensor;
    return value.dtype === 'float32' ? rounded : cast(rounded, value.dtype);
  });
}
