/**
 * Nested arrays: their shape, and their elements in row-major order.
 */
import { RidgelineError, show } from '../errors.js';
import {
  copyArray,
  type DataOf,
  type DType,
  element,
  isNumberArray,
  type NumberArray,
  zeros,
} from './elements.js';

/** Axes that a tensor may have. */
export const MOST_AXES = 8;

type List = readonly unknown[] | NumberArray;

const isList = (value: unknown): value is List => Array.isArray(value) || isNumberArray(value);

const place = (path: readonly number[]): string => (path.length > 0 ? ` at [${path.join('][')}]` : '');

/** The shape of nested arrays, from their first elements. */
function shapeOf(values: unknown): number[] {
  const shape: number[] = [];
  for (let at = values; isList(at); at = at[0]) {
    if (shape.push(at.length) > MOST_AXES)
      throw new RidgelineError('ERR_SHAPE', `arrays are nested in each other more than ${MOST_AXES} deep`);
  }
  return shape;
}

/** Calls `visit` with every innermost list, in order, and where it stands; all lists have the sizes of `shape`. */
function walk(values: unknown, shape: readonly number[], visit: (list: List, path: number[]) => void): void {
  const path: number[] = [];
  const down = (value: unknown, axis: number): void => {
    if (!isList(value) || value.length !== shape[axis]) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `ragged array${place(path)}: expected ${shape[axis]} elements, received ${show(value)}`,
      );
    }
    if (axis === shape.length - 1) {
      visit(value, path);
      return;
    }
    for (let i = 0; i < value.length; i++) {
      path[axis] = i;
      down(value[i], axis + 1);
    }
    path.length = axis;
  };
  down(values, 0);
}

function wrong(value: unknown, path: readonly number[]): RidgelineError {
  if (isList(value))
    return new RidgelineError('ERR_SHAPE', `ragged array${place(path)}: received ${show(value)}`);
  const message = `elements must be numbers or booleans${place(path)}: received ${show(value)}`;
  return new RidgelineError('ERR_DTYPE', message);
}

/**
 * Shape, type and elements of a number, a boolean or nested arrays of them; innermost arrays may be typed ones.
 *
 * @param asked - Type of the elements; by default `bool` where the first is a boolean, else `float32`.
 * @throws {RidgelineError} `ERR_SHAPE` for ragged or too deep arrays, `ERR_DTYPE` and `ERR_NON_FINITE` for elements,
 *   `ERR_MEMORY`.
 */
export function flatten(
  values: unknown,
  asked: DType | undefined,
): { data: DataOf[DType]; shape: number[]; dtype: DType } {
  const shape = shapeOf(values);
  let first = values;
  while (Array.isArray(first)) first = first[0];
  const dtype = asked ?? (typeof first === 'boolean' ? 'bool' : 'float32');
  // A whole walk first: sizes that only the first arrays have would ask for any amount of memory.
  if (shape.length > 1) walk(values, shape, () => {});
  const data = zeros(
    dtype,
    shape.reduce((a, b) => a * b, 1),
  );
  const one = (value: unknown, at: readonly number[]): number => {
    if (typeof value !== 'number' && typeof value !== 'boolean') throw wrong(value, at);
    return element(Number(value), dtype, at);
  };
  if (shape.length === 0) {
    data[0] = one(values, []);
    return { data, shape, dtype };
  }
  let offset = 0;
  walk(values, shape, (list, path) => {
    if (!Array.isArray(list)) {
      copyArray(list as NumberArray, dtype, data, offset, path);
      offset += list.length;
      return;
    }
    for (let i = 0; i < list.length; i++) {
      const value: unknown = list[i];
      // The usual case by itself: it decides how fast arrays convert.
      data[offset++] = typeof value === 'number' && dtype === 'float32' ? value : one(value, [...path, i]);
    }
  });
  return { data, shape, dtype };
}
