/**
 * Tensors of fixed values: of sizes that are known, or in the shape of others.
 */
import { op } from '../core/apply.js';
import { count, integer, MOST_INDEX, number } from '../core/check.js';
import { checkDtype, type DType, zeros as elements, numbersOf } from '../core/elements.js';
import { MOST_AXES } from '../core/nested.js';
import type { Operand, Result } from '../core/operand.js';
import { KEEP } from '../core/primitives.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Tensor, tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { add } from './arithmetic.js';
import { cast, equal, logicalNot, logicalOr, notEqual } from './comparison.js';
import { carrier, checkSizes } from './sizes.js';

/** The most classes that {@link oneHot} compares with. */
const MOST_CLASSES = 2 ** 24;

/** What a tensor of a type may be full of. */
const VALUES = {
  float32: ['a number', () => true],
  int32: ['an int32 number', (value: number) => value === (value | 0)],
  bool: ['0 or 1', (value: number) => value === 0 || value === 1],
} as const;

/**
 * A tensor of one value.
 * @param shape - Sizes. Where one is unknown, {@link zerosLike} and {@link onesLike} take the shape of a tensor.
 * @param value - Any number of float32, a whole one of int32, 0 or 1 of bool.
 * @param dtype - Default `'float32'`.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_DTYPE`; `ERR_MEMORY` for more elements than memory has.
 */
export function full(shape: readonly number[], value: number, dtype: DType = 'float32'): Tensor {
  checkSizes(shape, 'a list of sizes that are known (zerosLike has those of a tensor)');
  const [expected, fits] = VALUES[checkDtype(dtype)];
  if (typeof value !== 'number' || !fits(value)) throw argumentError('value', expected, value);
  const size = shape.reduce((a, b) => a * b, 1);
  const data = elements(dtype, size);
  return new Tensor(value === 0 ? data : data.fill(value), shape, dtype);
}

/** Zeros of a shape, as {@link full}. */
export const zeros = (shape: readonly number[], dtype: DType = 'float32'): Tensor => full(shape, 0, dtype);

/** Ones of a shape, as {@link full}. */
export const ones = (shape: readonly number[], dtype: DType = 'float32'): Tensor => full(shape, 1, dtype);

/**
 * Ones on a diagonal, zeros elsewhere, float32 `[rows, columns]`.
 * @param columns - Default as many as rows.
 * @param k - So many columns right of the main diagonal. Default 0.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_MEMORY`.
 */
export function eye(rows: number, columns: number = rows, k = 0): Tensor {
  const matrix = zeros([count('rows', rows, 0), count('columns', columns, 0)]);
  integer('k', k, -MOST_INDEX, MOST_INDEX);
  const last = Math.min(rows, columns - k);
  for (let row = Math.max(0, -k); row < last; row++) matrix.data[row * columns + row + k] = 1;
  return matrix;
}

/** True for every element, NaN too: what it is made of has an ONNX form for unknown sizes, unlike a broadcast. */
const every = <A extends Operand>(x: A): Result<A> => logicalOr(equal(x, x), notEqual(x, x)) as Result<A>;

/** Zeros in the type of `x`, and in its shape or another, where `null` is the size of `x` at the same place. */
export const zerosLike = <A extends Operand>(x: A, shape?: readonly (number | null)[]): Result<A> =>
  op('zerosLike', [x], (_, [of]) => {
    const like = of as SymbolicTensor;
    return cast(logicalNot(every(shaped(like, shape))), like.dtype);
  });
/** Ones in the type of `x`, and in its shape or another, where `null` is the size of `x` at the same place. */
export const onesLike = <A extends Operand>(x: A, shape?: readonly (number | null)[]): Result<A> =>
  op('onesLike', [x], (_, [of]) => {
    const like = of as SymbolicTensor;
    return cast(every(shaped(like, shape)), like.dtype);
  });

/** Something of that shape. */
function shaped(like: SymbolicTensor, shape: readonly (number | null)[] | undefined): SymbolicTensor {
  if (shape === undefined) return like;
  const from = carrier(like, shape);
  return Trace.running.emit('broadcastTo', [from], { shape: shape.map((size) => size ?? KEEP) })[0];
}

/**
 * Numbers from `start` on, `step` apart, before `stop`: int32 where all three are whole. With one argument from 0 to that.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a step of 0, more than 2²⁴ numbers, or whole ones beyond int32.
 */
export function arange(start: number, stop?: number, step = 1): Tensor {
  if (start === null || stop === null)
    throw argumentError(
      'arange',
      'of known numbers; ops.positions(x, axis) counts along a size that is not',
      null,
    );
  const [from, to] =
    stop === undefined ? [0, number('stop', start)] : [number('start', start), number('stop', stop)];
  number('step', step, 'another number than 0', (by) => by !== 0);
  const length = Math.max(0, Math.ceil((to - from) / step));
  if (length > MOST_CLASSES) throw argumentError('stop', `at most ${MOST_CLASSES} steps away`, to);
  const values = Array.from({ length }, (_, i) => from + i * step);
  const isWhole = [from, to, step].every(Number.isInteger);
  const beyond = isWhole ? values.find((value) => value !== (value | 0)) : undefined;
  if (beyond !== undefined) throw argumentError('arange', 'int32 numbers', beyond);
  return isWhole ? tensor(Int32Array.from(values)) : tensor(values);
}

/**
 * 0, 1, … along `axis` of `x`, int32 `[size]`: `x` is there for its shape, and the size may be unknown. Where a model goes
 * on with a sequence (`generate`), places along axis 1 are those in the whole sequence.
 * @param axis - Counted from the back if negative.
 */
export function positions<A extends Operand>(x: A, axis: number): Result<A> {
  const along = integer('axis', axis, -MOST_AXES, MOST_AXES);
  return op('positions', [x], (trace, [of]) => {
    const like = of as SymbolicTensor;
    const size = like.shape.at(along);
    const { decoding } = trace;
    if (decoding && (along === 1 || along === 1 - like.rank)) {
      const before = cast(decoding.position, 'int32');
      return add(trace.emit('positions', [like], { axis: along })[0], before);
    }
    if (size === null || size === undefined) return trace.emit('positions', [like], { axis: along })[0];
    return trace.constant(tensor(numbersOf('int32', size, (i) => i)));
  });
}

/**
 * Vectors with a 1 where int32 `indices` say, in float32: `[…]` becomes `[…, numClasses]`. An index outside gives zeros.
 */
export function oneHot<A extends Operand>(indices: A, numClasses: number): Result<A> {
  const length = integer('numClasses', numClasses, 1, MOST_CLASSES);
  return op('oneHot', [indices], (trace, [of]) => {
    const classes = trace.constant(tensor(numbersOf('int32', length, (i) => i)));
    const [column] = trace.emit('expandDims', [cast(of as SymbolicTensor, 'int32')], { axis: -1 });
    return cast(equal(column, classes), 'float32');
  });
}
