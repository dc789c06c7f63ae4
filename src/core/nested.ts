/**
 * Nested arrays: their shape, and their elements in row-major order.
 */
import { RidgelineError, show } from '../errors.js';
import {
  copyPiece,
  type DataOf,
  type DType,
  element,
  isNumberArray,
  type NumberArray,
  zeros,
} from './elements.js';
import { PIECE, type Work } from './turns.js';

/** Elements that a typed array has at most, in every version of V8. */
const MOST_ELEMENTS = 2 ** 32;

/** Axes that a tensor may have. */
export const MOST_AXES = 8;

type List = readonly unknown[] | NumberArray;

const isList = (value: unknown): value is List => Array.isArray(value) || isNumberArray(value);

const place = (path: readonly number[]): string => (path.length > 0 ? ` at [${path.join('][')}]` : '');

/** The shape of nested arrays, from their first elements, and the first number or what stands there. */
function shapeOf(values: unknown): { shape: number[]; first: unknown } {
  const shape: number[] = [];
  let at = values;
  while (isList(at)) {
    if (shape.push(at.length) > MOST_AXES)
      throw new RidgelineError('ERR_SHAPE', `arrays are nested in each other more than ${MOST_AXES} deep`);
    // Not `at[0]`: V8 compiles a place that sees lists of lists and lists of numbers so that it makes the latter over
    // into lists of objects, of three times the size.
    at = Array.isArray(at) ? at.at(0) : at[0];
  }
  return { shape, first: at };
}

const isNoNumber = (value: unknown): boolean => typeof value !== 'number';

/**
 * Calls `visit` with every innermost list, in order and in pieces from one index to another, and where it stands; all
 * lists have the sizes of `shape`.
 */
function* walk(values: unknown, shape: readonly number[], visit: Visit): Work<void> {
  yield* down({ shape, visit, path: [], left: PIECE }, values, 0);
}

type Visit = (list: List, piece: readonly [number, number], path: number[]) => void;

interface Walk {
  readonly shape: readonly number[];
  readonly visit: Visit;
  readonly path: number[];
  /** Elements before the next place to yield. */
  left: number;
}

function sized({ shape, path }: Walk, value: unknown, axis: number): List {
  if (isList(value) && value.length === shape[axis]) return value;
  throw new RidgelineError(
    'ERR_SHAPE',
    `ragged array${place(path)}: expected ${shape[axis]} elements, received ${show(value)}`,
  );
}

function* down(walk: Walk, value: unknown, axis: number): Work<void> {
  const { shape, visit, path } = walk;
  const last = shape.length - 1;
  const size = shape[last] as number;
  const list = sized(walk, value, axis);
  if (axis === last) {
    for (let from = 0; from < size; from += PIECE) {
      visit(list, [from, Math.min(from + PIECE, size)], path);
      yield;
    }
    return;
  }
  // Rows without a generator of their own, which would cost as much as a row of ten.
  const short = axis + 1 === last && size <= PIECE;
  const whole = [0, size] as const;
  for (let i = 0; i < list.length; i++) {
    path[axis] = i;
    if (!short) {
      yield* down(walk, list[i], axis + 1);
      continue;
    }
    visit(sized(walk, list[i], last), whole, path);
    walk.left -= size + 1;
    if (walk.left > 0) continue;
    walk.left = PIECE;
    yield;
  }
  path.length = axis;
}

function wrong(value: unknown, path: readonly number[]): RidgelineError {
  if (isList(value))
    return new RidgelineError('ERR_SHAPE', `ragged array${place(path)}: received ${show(value)}`);
  const isTensor = typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value;
  const hint = isTensor ? '; a tensor stands by itself, in no list' : '';
  const message = `elements must be numbers or booleans${place(path)}: received ${show(value)}${hint}`;
  return new RidgelineError('ERR_DTYPE', message);
}

/**
 * Shape, type and elements of a number, a boolean or nested arrays of them; innermost arrays may be typed ones.
 *
 * @param asked - Type of the elements; by default `bool` where the first is a boolean, else `float32`.
 * @throws {RidgelineError} `ERR_SHAPE` for ragged or too deep arrays, `ERR_DTYPE` and `ERR_NON_FINITE` for elements,
 *   `ERR_MEMORY`.
 */
export function* flatten(
  values: unknown,
  asked: DType | undefined,
): Work<{ data: DataOf[DType]; shape: number[]; dtype: DType }> {
  const { shape, first } = shapeOf(values);
  const dtype = asked ?? (typeof first === 'boolean' ? 'bool' : 'float32');
  const count = shape.reduce((a, b) => a * b, 1);
  // More than any array holds: lists that hold one list many times over would be walked for ever.
  if (count > MOST_ELEMENTS)
    throw new RidgelineError('ERR_MEMORY', `nested arrays of ${count} elements are too large`);
  // A whole walk first: sizes that only the first arrays have would ask for any amount of memory.
  if (shape.length > 1) yield* walk(values, shape, () => {});
  const data = zeros(dtype, count);
  const one = (value: unknown, at: readonly number[]): number => {
    if (typeof value !== 'number' && typeof value !== 'boolean') throw wrong(value, at);
    return element(Number(value), dtype, at);
  };
  if (shape.length === 0) {
    data[0] = one(values, []);
    return { data, shape, dtype };
  }
  let offset = 0;
  yield* walk(values, shape, (list, [from, until], path) => {
    if (!Array.isArray(list)) {
      copyPiece(list as NumberArray, [from, until], dtype, data, offset, path);
      offset += until - from;
      return;
    }
    const piece: readonly unknown[] = until - from === list.length ? list : list.slice(from, until);
    // The usual case by itself: it decides how fast arrays convert.
    if (dtype === 'float32' && piece.findIndex(isNoNumber) < 0) data.set(piece as number[], offset);
    else for (const [i, value] of piece.entries()) data[offset + i] = one(value, [...path, from + i]);
    offset += piece.length;
  });
  return { data, shape, dtype };
}
