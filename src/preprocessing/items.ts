/**
 * Nested arrays of strings or whole numbers: their shape, and their items in row-major order.
 */
import { isWellFormed } from '../core/check.js';
import { isNumberArray, type NumberArray } from '../core/elements.js';
import { MOST_AXES } from '../core/nested.js';
import { Tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';

/** Strings or whole numbers, nested. */
export type Items = string | number | Tensor | ArrayLike<number> | readonly Items[];

/** Strings, nested. */
export type Strings = string | readonly Strings[];

/** Items in a row, and the shape that they had. */
export interface Flat<T> {
  readonly shape: readonly number[];
  readonly items: T[];
}

/**
 * The items of nested arrays, lists of equal lengths.
 * @param argument - What they are, for the error.
 * @param fits - True for an item that may be there; `expected` says what that is.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else, `ERR_SHAPE` for lists of other lengths.
 */
export function flat<T>(
  argument: string,
  data: unknown,
  expected: string,
  fits: (item: unknown) => item is T,
): Flat<T> {
  if (data instanceof Tensor) {
    const { items } = flat(argument, listOf(data.elements), expected, fits);
    return { shape: data.shape, items };
  }
  const items: T[] = [];
  const shape: number[] = [];
  const walk = (value: unknown, axis: number): void => {
    const list = isNumberArray(value) ? listOf(value) : value;
    if (!Array.isArray(list)) {
      if (axis !== shape.length) throw uneven(argument, shape);
      if (!fits(list)) throw argumentError(argument, expected, list);
      items.push(list);
      return;
    }
    if (axis === MOST_AXES) throw argumentError(argument, `nested at most ${MOST_AXES} deep`, data);
    // The first item says how deep they are.
    if (axis === shape.length && items.length === 0) shape.push(list.length);
    else if (shape[axis] !== list.length) throw uneven(argument, shape);
    for (let i = 0; i < list.length; i++) walk(list[i], axis + 1);
  };
  walk(data, 0);
  return { shape, items };
}

/** The elements as a list: none where the memory was given away. */
const listOf = (data: NumberArray): number[] => Array.prototype.slice.call(data);

function uneven(argument: string, shape: readonly number[]): RidgelineError {
  const message = `${argument} must be lists of equal lengths, as of shape [${shape.join(', ')}]`;
  return new RidgelineError('ERR_SHAPE', message, { argument });
}

/** True for text that files can hold. */
export const isText = (item: unknown): item is string => typeof item === 'string' && isWellFormed(item);

/** Items in lists of a shape. */
export function nested<T>(items: readonly T[], shape: readonly number[]): unknown {
  let level: readonly unknown[] = items;
  for (const size of shape.slice(1).reverse()) {
    const lists: unknown[][] = [];
    for (let i = 0; i < level.length; i += size) lists.push(level.slice(i, i + size) as unknown[]);
    level = lists;
  }
  return shape.length === 0 ? level[0] : level;
}
