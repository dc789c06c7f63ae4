/**
 * Shapes and pieces: reshape, transpose, broadcast, concat, split, slice, gather, matmul.
 */
import { nativeOp, op } from '../core/apply.js';
import { options as checkOptions } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';
import { RidgelineError } from '../errors.js';

/** In a list of sizes: the input's dimension at that place. */
const KEEP = -2;

/** `x` in another shape; one size may be -1, `null` keeps the dimension at that place. */
export const reshape = <A extends Operand>(x: A, shape: readonly (number | null)[]): Result<A> =>
  nativeOp('reshape', [x], { shape: shape.map((d) => d ?? KEEP) });

/** Axes in another order; by default reversed. */
export function transpose<A extends Operand>(x: A, order?: readonly number[]): Result<A> {
  return op('transpose', [x], (trace, inputs) => {
    const rank = inputs[0]?.rank ?? 0;
    const axes = order ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    return trace.emit('transpose', inputs, { order: axes })[0];
  });
}

/** `x` repeated to `shape`; `null` keeps the dimension that is there. */
export const broadcastTo = <A extends Operand>(x: A, shape: readonly (number | null)[]): Result<A> =>
  nativeOp('broadcastTo', [x], { shape: shape.map((d) => d ?? KEEP) });

/** Tensors one after the other along `axis` (default: the last). */
export const concat = <A extends Operand>(tensors: readonly A[], axis = -1): Result<A> =>
  nativeOp('concat', tensors, { axis });

/** `size` elements from `start` along `axis` (default: the first). */
export const slice = <A extends Operand>(x: A, start: number, size: number, axis = 0): Result<A> =>
  nativeOp('slice', [x], { axis, start, size });

/**
 * `x` cut into `parts` equal pieces along `axis` (default: the last).
 * @throws {RidgelineError} `ERR_SHAPE` when the size is unknown or not a multiple.
 */
export function split<A extends Exclude<Operand, number>>(x: A, parts: number, axis = -1): Result<A>[] {
  const at = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[at];
  if (size === null || size === undefined || !Number.isInteger(size / parts)) {
    throw new RidgelineError(
      'ERR_SHAPE',
      `split expects a size that ${parts} divides along axis ${axis}, received ${size ?? 'an unknown one'}`,
    );
  }
  const piece = size / parts;
  return Array.from({ length: parts }, (_, i) => slice(x, i * piece, piece, at) as Result<A>);
}

/** Elements of `x` along `axis` (default: the first) at int32 `indices`; negative ones count from the end. */
export const gather = <A extends Operand, I extends Operand>(x: A, indices: I, axis = 0): Result<A | I> =>
  nativeOp('gather', [x, indices], { axis });

/** The product of matrices in the last two axes; leading axes broadcast. */
export function matmul<A extends Operand, B extends Operand>(
  a: A,
  b: B,
  options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Result<A | B> {
  const { transposeA = false, transposeB = false } = checkOptions('matmul', options, [
    'transposeA',
    'transposeB',
  ]);
  return nativeOp('matmul', [a, b], { transposeA, transposeB });
}
