/**
 * Shapes and pieces: reshape, transpose, broadcast, concat, split, slice, gather.
 */
import { nativeOp, op, promotingOp } from '../core/apply.js';
import { options as checkOptions, integer, MOST_INDEX } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import { isSized, type Operand, type Result } from '../core/operand.js';
import { KEEP } from '../core/primitives.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';

/** Pieces that a tensor may be cut into: each is an op. */
const MOST_PARTS = 2 ** 16;

/** Lists that are looked through as shapes. */
const LONGEST_LIST = 64;

/** Sizes as the native core takes them. */
function sizes(shape: unknown): number[] {
  const fits = (d: unknown): boolean => d === null || (Number.isSafeInteger(d) && (d as number) >= -1);
  if (Array.isArray(shape) && shape.length <= LONGEST_LIST && Array.from(shape).every(fits))
    return shape.map((d: number | null) => d ?? KEEP);
  throw argumentError('shape', 'a list of sizes', shape);
}

/** `x` in another shape; one size may be -1, `null` keeps the dimension at that place. */
export const reshape = <A extends Operand>(x: A, shape: readonly (number | null)[]): Result<A> =>
  nativeOp('reshape', [x], { shape: sizes(shape) });

/** One axis or several different ones, of so many, counted from the front and in order. */
function places(axis: unknown, rank: number): number[] {
  if (Array.isArray(axis) && axis.length > MOST_AXES)
    throw argumentError('axis', `at most ${MOST_AXES} axes`, axis);
  const given: unknown[] = Array.isArray(axis) ? Array.from(axis) : [axis];
  const found = given.map((one) => {
    const at = integer('axis', one, -rank, rank - 1);
    return at < 0 ? at + rank : at;
  });
  if (new Set(found).size < found.length) throw argumentError('axis', 'different axes', axis);
  return found.sort((a, b) => a - b);
}

/** `x` with an axis of size one more for each of `axis`, which are places in the result. */
export const expandDims = <A extends Operand>(x: A, axis: number | readonly number[]): Result<A> =>
  op('expandDims', [x], (trace, [of]) => {
    const { rank } = of as SymbolicTensor;
    const more = Array.isArray(axis) ? axis.length : 1;
    return places(axis, rank + more).reduce(
      (y, at) => trace.emit('expandDims', [y], { axis: at })[0],
      of as SymbolicTensor,
    );
  });

/**
 * `x` without an axis or several.
 * @throws {RidgelineError} `ERR_SHAPE` unless the size along each is 1.
 */
export const squeeze = <A extends Operand>(x: A, axis: number | readonly number[]): Result<A> =>
  op('squeeze', [x], (trace, [of]) =>
    places(axis, (of as SymbolicTensor).rank).reduceRight(
      (y, at) => trace.emit('squeeze', [y], { axis: at })[0],
      of as SymbolicTensor,
    ),
  );

/** Axes in another order; by default reversed. */
export function transpose<A extends Operand>(x: A, order?: readonly number[]): Result<A> {
  return op('transpose', [x], (trace, inputs) => {
    const rank = inputs[0]?.rank ?? 0;
    const axes = order ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
    if (!Array.isArray(axes) || axes.length > MOST_AXES || !Array.from(axes).every(Number.isSafeInteger))
      throw argumentError('order', 'a list of axes', order);
    return trace.emit('transpose', inputs, { order: axes })[0];
  });
}

/**
 * `x` with two axes exchanged.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an axis that `x` does not have.
 */
export function swapAxes<A extends Operand>(x: A, axis1: number, axis2: number): Result<A> {
  return op('swapAxes', [x], (_, [of]) => {
    const { rank } = of as SymbolicTensor;
    const place = (name: string, axis: number): number => {
      const at = integer(name, axis, -rank, rank - 1);
      return at < 0 ? at + rank : at;
    };
    const [a, b] = [place('axis1', axis1), place('axis2', axis2)];
    const order = Array.from({ length: rank }, (_, i) => (i === a ? b : i === b ? a : i));
    return transpose(of as SymbolicTensor, order);
  });
}

/** `x` repeated to `shape`; `null` keeps the dimension that is there. */
export const broadcastTo = <A extends Operand>(x: A, shape: readonly (number | null)[]): Result<A> =>
  nativeOp('broadcastTo', [x], { shape: sizes(shape) });

/** Tensors one after the other along `axis` (default: the last). */
export function concat<A extends Operand>(tensors: readonly A[], axis = -1): Result<A> {
  if (!Array.isArray(tensors) || tensors.length === 0 || tensors.length > MOST_PARTS)
    throw argumentError('tensors', 'a list of at least one', tensors);
  return promotingOp('concat', tensors as readonly A[], { axis: integer('axis', axis, -MOST_AXES) });
}

/** Tensors of one shape side by side along a new axis (default: the first). */
export function stack<A extends Operand>(tensors: readonly A[], axis = 0): Result<A> {
  if (!Array.isArray(tensors)) throw argumentError('tensors', 'a list of at least one', tensors);
  return concat(
    tensors.map((t) => expandDims(t as A, axis) as A),
    axis,
  );
}

/** What of an axis {@link slice} takes. */
export interface SliceOptions {
  /** The first element; counted from the end if negative. Default 0. */
  readonly start?: number | undefined;
  /** The one behind the last; counted from the end if negative. Default all that follow. */
  readonly end?: number | undefined;
  /** Axis; negative counts from the back. Default the first. */
  readonly axis?: number | undefined;
}

/**
 * Elements along an axis, whose size may be unknown: `size` of them from `start` (counted from the end if negative) along
 * `axis` (default: the first), or those that options tell.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * console.log(ops.slice(x, 0, 1).toArray()); // [[1, 2, 3]]
 * console.log(ops.slice(x, { start: 1, axis: 1 }).toArray()); // [[2, 3], [5, 6]]
 * console.log(ops.slice(x, { end: -1, axis: 1 }).toArray()); // [[1, 2], [4, 5]]
 * ```
 * @throws {RidgelineError} `ERR_SHAPE` where there are not so many: at once, or where it is computed.
 */
export function slice<A extends Operand>(x: A, start: number, size: number, axis?: number): Result<A>;
export function slice<A extends Operand>(x: A, options: SliceOptions): Result<A>;
export function slice<A extends Operand>(
  x: A,
  given: number | SliceOptions,
  size?: number,
  along = 0,
): Result<A> {
  const place = (name: string, at: unknown): number => integer(name, at, -MOST_INDEX, MOST_INDEX);
  const axisOf = (axis: unknown): number => integer('axis', axis, -MOST_AXES);
  if (typeof given === 'number' || size !== undefined) {
    const start = place('start', given);
    const end = start + integer('size', size, 0);
    if (start < 0 && end > 0)
      throw argumentError('size', `at most ${-start}, what there is from start`, size);
    return nativeOp('slice', [x], { axis: axisOf(along), start, end: start < 0 && end === 0 ? null : end });
  }
  const { start = 0, end, axis = 0 } = checkOptions('slice', given, ['start', 'end', 'axis']);
  const until = end === undefined ? null : place('end', end);
  return nativeOp('slice', [x], { axis: axisOf(axis), start: place('start', start), end: until });
}

/**
 * `x` cut along `axis` (default: the last) into so many equal parts, or before the places of a list, which rise.
 * @throws {RidgelineError} `ERR_SHAPE` when the size is unknown, not a multiple, or ends before a place.
 */
export function split<A extends Exclude<Operand, number>>(
  x: A,
  parts: number | readonly number[],
  axis = -1,
): Result<A>[] {
  if (!isSized(x)) throw argumentError('x', 'a tensor', x);
  integer('axis', axis, -MOST_AXES);
  const at = axis < 0 ? axis + x.shape.length : axis;
  const size = x.shape[at];
  const count = Array.isArray(parts) ? parts.length + 1 : integer('parts', parts, 1);
  if (count > MOST_PARTS) throw argumentError('parts', `at most ${MOST_PARTS}`, parts);
  const cuts = Array.isArray(parts) ? Array.from(parts as readonly number[]) : undefined;
  for (const [i, cut] of cuts?.entries() ?? []) integer(`parts[${i}]`, cut, cuts?.[i - 1] ?? 0);
  const fits = cuts ? (cuts.at(-1) ?? 0) <= Number(size) : Number.isInteger(Number(size) / count);
  if (typeof size !== 'number' || !fits) {
    const expected = cuts ? `of ${cuts.at(-1)} at least` : `that ${count} divides`;
    throw new RidgelineError(
      'ERR_SHAPE',
      `split expects a size ${expected} along axis ${axis}, received ${size ?? 'an unknown one'}`,
    );
  }
  const starts = cuts ? [0, ...cuts] : Array.from({ length: count }, (_, i) => (i * size) / count);
  return starts.map((start, i) => slice(x, start, (starts[i + 1] ?? size) - start, at) as Result<A>);
}

/**
 * Elements of `x` along `axis` (default: the first) at int32 `indices`; negative ones count from the end.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an index outside, where it is computed.
 */
export const gather = <A extends Operand, I extends Operand>(x: A, indices: I, axis = 0): Result<A | I> =>
  nativeOp(
    'gather',
    [x, Number.isInteger(indices) ? tensor(Int32Array.of(indices as number), { shape: [] }) : indices],
    {
      axis: integer('axis', axis, -MOST_AXES),
      strict: false,
    },
  ) as Result<A | I>;

/**
 * The elements of an axis, or of several, in the opposite order. Default axis −1.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an axis that `x` does not have.
 */
export const flip = <A extends Operand>(x: A, axis: number | readonly number[] = -1): Result<A> =>
  op('flip', [x], (trace, [of]) =>
    places(axis, (of as SymbolicTensor).rank).reduce(
      (y, at) => trace.emit('flip', [y], { axis: at })[0],
      of as SymbolicTensor,
    ),
  );
