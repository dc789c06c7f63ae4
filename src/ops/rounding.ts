/**
 * Rounding to the nearest integer.
 */
import { op } from '../core/apply.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { abs, add, floor, mod, stopGradient, sub } from './arithmetic.js';
import { equal, less, logicalAnd, where } from './comparison.js';

/** Numbers from which on float32 holds integers alone. */
const WHOLE = 2 ** 23;

/** The nearest integer, the even one of two, as in NumPy and ONNX. Its gradient is 0. */
export const round = <A extends Operand>(x: A): Result<A> =>
  op('round', [x], (_, [of]) => {
    const value = stopGradient(of as SymbolicTensor);
    const above = floor(add(value, 0.5));
    const isTie = logicalAnd(equal(sub(above, value), 0.5), equal(mod(above, 2), 1));
    return where(less(abs(value), WHOLE), where(isTie, sub(above, 1), above), value);
  });
