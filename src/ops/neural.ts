/**
 * Ops of neural networks: linear maps, activations with kernels of their own, softmax.
 */
import { floating, floatOp, op } from '../core/apply.js';
import { options as checkOptions, positive } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { maximum, mul, rsqrt, square } from './arithmetic.js';
import { sum } from './reduction.js';
import { transpose } from './shaping.js';

/** `x·W + b`: `x` `[…, in]`, `W` `[in, out]`, `b` `[out]`. */
export const linear = <A extends Operand, W extends Operand>(
  x: A,
  kernel: W,
  bias?: Operand,
): Result<A | W> => floatOp('linear', bias === undefined ? [x, kernel] : [x, kernel, bias]) as Result<A | W>;

/** `max(x, 0)`; its gradient at 0 is 0. Integers stay whole. */
export const relu = <A extends Operand>(x: A): Result<A> =>
  op('relu', [x], (trace, [of]) =>
    of?.dtype === 'int32' ? maximum(of, 0) : trace.emit('relu', [floating(trace, of as SymbolicTensor)])[0],
  );
/** `1 / (1 + e⁻ˣ)`. */
export const sigmoid = <A extends Operand>(x: A): Result<A> => floatOp('sigmoid', [x]);
/** Hyperbolic tangent. */
export const tanh = <A extends Operand>(x: A): Result<A> => floatOp('tanh', [x]);
/** `ln(1 + eˣ)`. */
export const softplus = <A extends Operand>(x: A): Result<A> => floatOp('softplus', [x]);

function overAxis<A extends Operand>(name: 'softmax' | 'logSoftmax', x: A, axis: number): Result<A> {
  return op(name, [x], (trace, [value]) => {
    const input = floating(trace, value as SymbolicTensor);
    const last = input.rank - 1;
    if (!Number.isSafeInteger(axis) || axis < -input.rank || axis > last)
      throw argumentError('axis', `an integer between ${-input.rank} and ${last}`, axis);
    const at = axis < 0 ? axis + input.rank : axis;
    if (at === last) return trace.emit(name, [input])[0];
    const order = Array.from({ length: input.rank }, (_, i) => i);
    [order[at], order[last]] = [last, at];
    const [moved] = trace.emit(name, [transpose(input, order)]);
    return transpose(moved, order);
  });
}

/** `eˣ / Σeˣ` along `axis` (default: the last). */
export const softmax = <A extends Operand>(x: A, axis = -1): Result<A> => overAxis('softmax', x, axis);
/** The logarithm of {@link softmax}. */
export const logSoftmax = <A extends Operand>(x: A, axis = -1): Result<A> => overAxis('logSoftmax', x, axis);

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Axis or axes of the vectors. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
  /** The shortest length that is divided by. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Vectors along `axis`, scaled to length one; zeros stay zeros, with a gradient that is finite. */
export function normalize<A extends Operand>(x: A, options: NormalizeOptions = {}): Result<A> {
  const { axis = -1, epsilon = 1e-7 } = checkOptions('normalize', options, ['axis', 'epsilon']);
  const least = positive('epsilon', epsilon) ** 2;
  return op('normalize', [x], (trace, [value]) => {
    const of = floating(trace, value as SymbolicTensor);
    return mul(of, rsqrt(maximum(sum(square(of), { axis, keepdims: true }), least)));
  });
}
