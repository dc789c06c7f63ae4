/**
 * Tensors repeated, padded and rolled.
 */
import { op } from '../core/apply.js';
import { integer, MOST_INDEX, number } from '../core/check.js';
import { MOST_AXES } from '../core/nested.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, shapeError } from '../errors.js';
import { add } from './arithmetic.js';
import { cast } from './comparison.js';
import { zerosLike } from './creation.js';
import { broadcastTo, concat, expandDims, slice } from './shaping.js';
import { sizeAlong } from './sizes.js';

/** Copies of a tensor along an axis: each is an operand. */
const MOST_COPIES = 2 ** 12;
/** Elements along an axis that is repeated. */
const MOST_PLACES = 2 ** 28;

const copies = (x: SymbolicTensor, count: number, axis: number): SymbolicTensor =>
  count === 1
    ? x
    : (concat(
        Array.from({ length: count }, () => x),
        axis,
      ) as SymbolicTensor);

/**
 * `x` so many times one behind the other, along each axis: along the last ones where there are fewer numbers than axes, and
 * with axes of size 1 before them where there are more. One number is for the last axis.
 */
export function tile<A extends Operand>(x: A, repeats: number | readonly number[]): Result<A> {
  return op('tile', [x], (_, [of]) => {
    const value = of as SymbolicTensor;
    const given = typeof repeats === 'number' ? [repeats] : repeats;
    if (!Array.isArray(given) || given.length > MOST_AXES)
      throw argumentError('repeats', 'a list of numbers, one for each axis', repeats);
    const counts = given.map((count, i) => integer(`repeats[${i}]`, count, 1, MOST_COPIES));
    const missing = Array.from({ length: Math.max(counts.length - value.rank, 0) }, (_, axis) => axis);
    const wide = expandDims(value, missing) as SymbolicTensor;
    const first = wide.rank - counts.length;
    return counts.reduce((y, count, i) => copies(y, count, first + i), wide);
  });
}

/** Each element along `axis` so many times, side by side. Default the last axis, whose size may be unknown. */
export function repeat<A extends Operand>(x: A, repeats: number, axis = -1): Result<A> {
  const count = integer('repeats', repeats, 1, MOST_COPIES);
  integer('axis', axis, -MOST_AXES, MOST_AXES);
  return op('repeat', [x], (trace, [of]) => {
    const value = of as SymbolicTensor;
    if ((sizeAlong(value, axis) ?? 1) * count > MOST_PLACES)
      throw argumentError('repeats', `at most ${MOST_PLACES} of all elements`, count);
    const at = axis < 0 ? axis + value.rank : axis;
    const each = expandDims(value, at + 1) as SymbolicTensor;
    const all = broadcastTo(
      each,
      each.shape.map((_, i) => (i === at + 1 ? count : null)),
    ) as SymbolicTensor;
    // The axis and the one behind it become one.
    const from = all.shape.flatMap((_, i) => [0, i]);
    return trace.emit('reshapeBy', [all], { from, counts: value.shape.map((_, i) => (i === at ? 2 : 1)) })[0];
  });
}

/**
 * `x` with so many elements before and behind those of each axis, of the same value.
 * @param widths - For each axis `[before, behind]`.
 * @param value - Default 0.
 */
export function pad<A extends Operand>(
  x: A,
  widths: readonly (readonly [number, number])[],
  value = 0,
): Result<A> {
  const filling = number('value', value);
  return op('pad', [x], (_, [of]) => {
    const given = of as SymbolicTensor;
    if (
      !Array.isArray(widths) ||
      widths.length !== given.rank ||
      !Array.from(widths).every((w) => Array.isArray(w) && w.length === 2)
    )
      throw argumentError('widths', `a list of ${given.rank} pairs, one for each axis`, widths);
    const counts = widths.map((pair, i) =>
      (pair as readonly number[]).map((count) => integer(`widths[${i}]`, count, 0, MOST_COPIES)),
    );
    return counts.reduce<SymbolicTensor>((y, [before, behind], axis) => {
      if (before === 0 && behind === 0) return y;
      if (y.shape[axis] === 0) throw shapeError('x', `elements along axis ${axis}`, shapeText(y.shape));
      const zero = cast(zerosLike(slice(y, 0, 1, axis)), 'float32');
      const one = cast(add(zero, filling), y.dtype) as SymbolicTensor;
      const parts = [before, behind].map((count) => (count ? [copies(one, count as number, axis)] : []));
      return concat(
        [...(parts[0] as SymbolicTensor[]), y, ...(parts[1] as SymbolicTensor[])],
        axis,
      ) as SymbolicTensor;
    }, given);
  });
}

/**
 * The elements of an axis moved `shift` places on, or back if negative; those that leave it at an end enter at the other.
 * @param axis - Default the last. Where its size is unknown, it has to be as long as they are moved.
 */
export function roll<A extends Operand>(x: A, shift: number, axis = -1): Result<A> {
  integer('shift', shift, -MOST_INDEX, MOST_INDEX);
  integer('axis', axis, -MOST_AXES, MOST_AXES);
  return op('roll', [x], (_, [of]) => {
    const value = of as SymbolicTensor;
    const size = sizeAlong(value, axis);
    const places = size ? shift % size : shift;
    if (places === 0 || size === 0) return value;
    return concat(
      [slice(value, { start: -places, axis }), slice(value, { end: -places, axis })],
      axis,
    ) as SymbolicTensor;
  });
}
