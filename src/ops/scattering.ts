/**
 * Values added up where indices say.
 */
import { floating, op } from '../core/apply.js';
import { integer } from '../core/check.js';
import type { Operand, Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { add, mul } from './arithmetic.js';
import { cast, greaterEqual, less, logicalAnd, where } from './comparison.js';
import { min, sum } from './reduction.js';
import { reshape } from './shaping.js';
import { checkSizes } from './sizes.js';

/**
 * Zeros of a shape with `values` added at `indices`, float32: `indices` `[n…, k]` tell the first k axes of a place, and
 * `values` `[n…, rest]` have the shape of what is there. Values for one place add up; negative indices count from the end.
 *
 * @example
 * ```ts
 * ops.scatter(tensor(Int32Array.of(0, 2), { shape: [2, 1] }), tensor([1, 2]), [3]); // [1, 0, 2]
 * ```
 * @throws {RidgelineError} `ERR_SHAPE` for shapes that do not fit; `ERR_ARGUMENT` for an index outside, where it is computed.
 */
export function scatter<I extends Operand, V extends Operand>(
  indices: I,
  values: V,
  shape: readonly number[],
): Result<I | V> {
  checkSizes(shape);
  if (shape.reduce((a, b) => a * b, 1) >= 2 ** 31)
    throw argumentError('shape', 'a list of sizes of fewer than 2³¹ elements', shape);
  return op('scatter', [indices, values] as readonly Operand[], (trace, [at, what]) => {
    const index = cast(at as SymbolicTensor, 'int32');
    const added = floating(trace, what as SymbolicTensor);
    const axes = index.shape.at(-1);
    if (typeof axes !== 'number' || axes < 1 || axes > shape.length) {
      const message = `scatter expects indices of 1 to ${shape.length} axes in the last one, received shape ${shapeText(index.shape)}`;
      throw new RidgelineError('ERR_SHAPE', message, { argument: 'indices' });
    }
    const [outer, inner] = [shape.slice(0, axes), shape.slice(axes)];
    const expected = [...index.shape.slice(0, -1), ...inner];
    const fits = (d: number | null, i: number): boolean =>
      d === null || added.shape[i] === null || d === added.shape[i];
    if (added.shape.length !== expected.length || !expected.every(fits))
      throw shapeError('values of scatter', shapeText(expected), shapeText(added.shape));
    const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1);
    const sizes = trace.constant(tensor(Int32Array.from(outer)));
    const strides = trace.constant(tensor(Int32Array.from(outer, (_, i) => product(outer.slice(i + 1)))));
    const from0 = where(less(index, 0), add(index, sizes), index);
    const isInside = logicalAnd(greaterEqual(from0, 0), less(from0, sizes));
    const inside = min(cast(isInside, 'int32'), { axis: -1 });
    const places = sum(mul(from0, strides), { axis: -1 });
    // One that is outside along an axis may be another place's number, so it gets none.
    const flat = reshape(where(cast(inside, 'bool'), places, product(outer)), [-1]);
    const rows = reshape(added, [-1, product(inner)]);
    const [found] = trace.emit('scatterAdd', [rows, flat], { shape: [product(outer), product(inner)] });
    return reshape(found, [...shape]);
  }) as Result<I | V>;
}

/**
 * The sums of float32 rows of `values`, `[n, …]`, by the int32 number of the segment that each belongs to, `[n]`: `[numSegments, …]`.
 * Numbers below 0 count from the last segment.
 * @throws {RidgelineError} `ERR_SHAPE` for shapes that do not fit; `ERR_ARGUMENT` for a number outside, where it is computed.
 */
export function segmentSum<V extends Operand, S extends Operand>(
  values: V,
  segments: S,
  numSegments: number,
): Result<V | S> {
  integer('numSegments', numSegments, 1);
  return op('segmentSum', [values, segments] as readonly Operand[], (trace, [what, at]) => {
    const added = floating(trace, what as SymbolicTensor);
    // The sizes of a row, as they are in what is added.
    const shape = [numSegments, ...added.shape.slice(1).map((size) => size ?? -2)];
    return trace.emit('scatterAdd', [added, cast(at as SymbolicTensor, 'int32')], { shape })[0];
  }) as Result<V | S>;
}
