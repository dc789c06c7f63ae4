/**
 * Order along an axis: sorting, the largest elements, elements at places, running sums.
 */
import { op } from '../core/apply.js';
import { boolean, options as checkOptions, integer } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { reshape, transpose } from './shaping.js';

/** Options of {@link sort} and {@link argSort}. */
export interface SortOptions {
  /** Axis; negative counts from the back. Default −1. */
  readonly axis?: number | undefined;
  /** True for the largest first. Default false. */
  readonly descending?: boolean | undefined;
}

/** Does what is done along a last axis along another one: every tensor is turned there, and the result back. */
function along(
  axis: number,
  inputs: readonly SymbolicTensor[],
  work: (inputs: SymbolicTensor[]) => SymbolicTensor,
): SymbolicTensor {
  const rank = inputs[0]?.rank ?? 0;
  const at = axis < 0 ? axis + rank : axis;
  if (at < 0 || at >= rank || inputs.some((t) => t.rank !== rank))
    throw argumentError('axis', `an axis of ${inputs.map((t) => shapeText(t.shape)).join(' and ')}`, axis);
  if (at === rank - 1) return work([...inputs]);
  // The axes but for this one, and it: the exchange of two is its own inverse.
  const order = Array.from({ length: rank }, (_, i) => (i === at ? rank - 1 : i === rank - 1 ? at : i));
  return transpose(work(inputs.map((t) => transpose(t, order))), order);
}

/** Places of the first `k` along the last axis, or of all. */
const places = (x: SymbolicTensor, largest: boolean, k: number | null = null): SymbolicTensor =>
  Trace.running.emit('topK', [x], { k, largest })[0];

/**
 * The indices that sort `x`, float32 or int32, along an axis, as int32: of equal elements the first stands first, and NaN counts as
 * larger than any number.
 */
export function argSort<A extends Operand>(x: A, options: SortOptions = {}): Result<A> {
  const { axis = -1, descending = false } = checkOptions('argSort', options, ['axis', 'descending']);
  integer('axis', axis, -MOST_AXES);
  boolean('descending', descending);
  return op('argSort', [x], (_, inputs) =>
    along(axis, inputs, ([last]) => places(last as SymbolicTensor, descending)),
  );
}

/** The elements of `x`, float32 or int32, in order along an axis. The gradient goes where each element came from. */
export const sort = <A extends Operand>(x: A, options: SortOptions = {}): Result<A> =>
  takeAlongAxis(x, argSort(x, options) as Operand, options.axis ?? -1) as Result<A>;

/**
 * The `k` largest elements of `x`, float32 or int32, along the last axis, the largest first, and their indices as int32.
 * @returns Values and indices, both `[…, k]`.
 * @throws {RidgelineError} `ERR_SHAPE` where there are fewer: at once, or where it is computed.
 */
export function topK<A extends Operand>(x: A, k: number): [values: Result<A>, indices: Result<A>] {
  integer('k', k, 1);
  const indices = op('topK', [x], (_, [last]) => places(last as SymbolicTensor, true, k));
  return [takeAlongAxis(x, indices as Operand) as Result<A>, indices];
}

/**
 * Elements of `x` at int32 `indices` along an axis (default: the last): `y[…, j] = x[…, indices[…, j]]`, where all other
 * axes agree. Negative indices count from the end.
 * @throws {RidgelineError} `ERR_SHAPE` where they do not agree, `ERR_ARGUMENT` for an index outside, where it is computed.
 */
export function takeAlongAxis<A extends Operand, I extends Operand>(
  x: A,
  indices: I,
  axis = -1,
): Result<A | I> {
  integer('axis', axis, -MOST_AXES);
  return op<A | I>('takeAlongAxis', [x, indices], (trace, inputs) =>
    along(axis, inputs, (last) => trace.emit('takeAlong', last)[0]),
  );
}

/** The sums of all elements up to each along an axis (default: the last; `null`: of all in a row); those of int32 wrap. */
export function cumsum<A extends Operand>(x: A, axis: number | null = -1): Result<A> {
  if (axis === null) return cumsum(reshape(x, [-1]), 0) as Result<A>;
  integer('axis', axis, -MOST_AXES);
  return op('cumsum', [x], (trace, inputs) => along(axis, inputs, (last) => trace.emit('cumsum', last)[0]));
}
