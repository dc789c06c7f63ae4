/**
 * Nested arrays of strings or whole numbers: their shape, and their items in row-major order.
 */
import { isWellFormed } from '../core/check.js';
import { isNumberArray, type NumberArray } from '../core/elements.js';
import { MOST_AXES } from '../core/nested.js';
import { Tensor } from '../core/tensor.js';
import type { Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';

/** Items between two places to yield. */
const PIECE = 2 ** 13;

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
export function* flat<T>(
  argument: string,
  data: unknown,
  expected: string,
  fits: (item: unknown) => item is T,
): Work<Flat<T>> {
  if (data instanceof Tensor) {
    const { items } = yield* flat(argument, listOf(data.elements), expected, fits);
    return { shape: data.shape, items };
  }
  const items: T[] = [];
  const shape: number[] = [];
  const add = (item: unknown, axis: number): void => {
    if (axis !== shape.length) throw uneven(argument, shape);
    if (!fits(item))
      throw argumentError(
        argument,
        typeof item === 'string' ? `${expected} that are ${WELL_FORMED}` : expected,
        item,
      );
    items.push(item);
  };
  function* walk(list: readonly unknown[], axis: number): Work<void> {
    if (axis === MOST_AXES) throw argumentError(argument, `nested at most ${MOST_AXES} deep`, data);
    // The first item says how deep they are.
    if (axis === shape.length && items.length === 0) shape.push(list.length);
    else if (shape[axis] !== list.length) throw uneven(argument, shape);
    for (let i = 0; i < list.length; i++) {
      const value = list[i];
      const inner = isNumberArray(value) ? listOf(value) : value;
      if (Array.isArray(inner)) yield* walk(inner, axis + 1);
      else add(inner, axis + 1);
      if (items.length % PIECE === 0) yield;
    }
  }
  const whole = isNumberArray(data) ? listOf(data) : data;
  if (Array.isArray(whole)) yield* walk(whole, 0);
  else add(whole, 0);
  return { shape, items };
}

/** The elements as a list: none where the memory was given away. */
const listOf = (data: NumberArray): number[] => Array.prototype.slice.call(data);

function uneven(argument: string, shape: readonly number[]): RidgelineError {
  const message = `${argument} must be lists of equal lengths, as of shape [${shape.join(', ')}]`;
  return new RidgelineError('ERR_SHAPE', message, { argument });
}

/** True for any text. */
export const isString = (item: unknown): item is string => typeof item === 'string';

/** What a text must be to stand in a file. */
const WELL_FORMED = 'well-formed, with no half of a surrogate pair and no NUL';

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
