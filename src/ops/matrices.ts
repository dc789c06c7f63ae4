/**
 * Matrices in the last two axes: their products, and the parts on either side of a diagonal.
 */
import { op, promoted } from '../core/apply.js';
import { boolean, options as checkOptions, integer, MOST_INDEX } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { shapeError } from '../errors.js';
import { sub } from './arithmetic.js';
import { greaterEqual, lessEqual, logicalAnd, where } from './comparison.js';
import { positions } from './creation.js';
import { expandDims, squeeze } from './shaping.js';

/** The product of matrices in the last two axes; leading axes broadcast. A vector is a row of `a`, or a column of `b`, and leaves no axis. */
export function matmul<A extends Operand, B extends Operand>(
  a: A,
  b: B,
  options: { readonly transposeA?: boolean; readonly transposeB?: boolean } = {},
): Result<A | B> {
  const { transposeA = false, transposeB = false } = checkOptions('matmul', options, [
    'transposeA',
    'transposeB',
  ]);
  boolean('transposeA', transposeA);
  boolean('transposeB', transposeB);
  return op<A | B>('matmul', [a, b], (trace, inputs) => {
    const [left, right] = promoted(trace, inputs) as [SymbolicTensor, SymbolicTensor];
    const [row, column] = [left.rank === 1, right.rank === 1];
    const matrices = [row ? expandDims(left, 0) : left, column ? expandDims(right, 1) : right];
    const told = { transposeA: transposeA && !row, transposeB: transposeB && !column };
    const product = trace.emit('matmul', matrices, told)[0];
    return squeeze(product, [...(row ? [-2] : []), ...(column ? [-1] : [])]);
  });
}

/** `x` where `holds` does of how far a column is behind its row and of `k`, else 0. */
function triangle<A extends Operand>(
  name: string,
  x: A,
  k: number,
  holds: (distance: SymbolicTensor, k: number) => SymbolicTensor,
): Result<A> {
  integer('k', k, -MOST_INDEX, MOST_INDEX);
  return op(name, [x], (_, [of]) => {
    const matrix = of as SymbolicTensor;
    if (matrix.rank < 2) throw shapeError('x', 'two axes at least', shapeText(matrix.shape));
    const distance = sub(positions(matrix, -1), expandDims(positions(matrix, -2), -1));
    const inside = holds(distance as SymbolicTensor, k);
    return matrix.dtype === 'bool' ? logicalAnd(inside, matrix) : where(inside, matrix, 0);
  });
}

/**
 * Matrices with zeros above a diagonal: the main one, or that `k` columns to its right.
 * @throws {RidgelineError} `ERR_SHAPE` for fewer than two axes.
 */
export const tril = <A extends Operand>(x: A, k = 0): Result<A> => triangle('tril', x, k, lessEqual);

/**
 * Matrices with zeros below a diagonal: the main one, or that `k` columns to its right.
 * @throws {RidgelineError} `ERR_SHAPE` for fewer than two axes.
 */
export const triu = <A extends Operand>(x: A, k = 0): Result<A> => triangle('triu', x, k, greaterEqual);
