/**
 * Elements of tensors: typed arrays of each element type, and numbers on their way into them.
 */
import { argumentError, RidgelineError, show } from '../errors.js';
import { PIECE, type Work } from './turns.js';

/** Element types. */
export type DType = 'float32' | 'int32' | 'bool';

/** Typed arrays by element type; booleans are bytes 0 and 1. */
export interface DataOf {
  float32: Float32Array;
  int32: Int32Array;
  bool: Uint8Array;
}

/** Typed arrays that hold numbers. */
export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** Typed arrays that hold integers of 64 bits. */
export type BigArray = BigInt64Array | BigUint64Array;

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/**
 * The element type, checked.
 * @throws {RidgelineError} `ERR_DTYPE`.
 */
export function checkDtype(dtype: unknown): DType {
  if (typeof dtype === 'string' && Object.hasOwn(ARRAYS, dtype)) return dtype as DType;
  throw new RidgelineError(
    'ERR_DTYPE',
    `dtype must be 'float32', 'int32' or 'bool', received ${show(dtype)}`,
  );
}

/**
 * Zeros.
 * @throws {RidgelineError} `ERR_MEMORY`.
 */
export function zeros<D extends DType>(dtype: D, size: number): DataOf[D] {
  try {
    return new ARRAYS[dtype](size) as DataOf[D];
  } catch {
    throw new RidgelineError('ERR_MEMORY', `cannot allocate ${size} elements of ${dtype}`);
  }
}

/**
 * Numbers by their place.
 * @throws {RidgelineError} `ERR_MEMORY`.
 */
export function numbersOf<D extends DType>(dtype: D, size: number, of: (place: number) => number): DataOf[D] {
  const numbers = zeros(dtype, size);
  for (let i = 0; i < size; i++) numbers[i] = of(i);
  return numbers;
}

/** The class of a typed array, in any realm: `Float32Array`, …; `undefined` for anything else. */
function kindOf(value: unknown): string | undefined {
  // DataView has no such tag of its own kind.
  return ArrayBuffer.isView(value)
    ? (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag]
    : undefined;
}

/** True for typed arrays of numbers, in any realm. */
export function isNumberArray(value: unknown): value is NumberArray {
  const kind = kindOf(value);
  return kind !== undefined && kind !== 'DataView' && !kind.startsWith('Big');
}

/** True for typed arrays of integers of 64 bits, in any realm. */
export function isBigArray(value: unknown): value is BigArray {
  return kindOf(value)?.startsWith('Big') ?? false;
}

/**
 * The number, if `dtype` holds it exactly enough: nothing is truncated, wrapped or taken for true.
 * @throws {RidgelineError} `ERR_DTYPE`, `ERR_NON_FINITE`, with the place.
 */
export function element(x: number, dtype: DType, at: number | readonly number[]): number {
  if (dtype === 'float32' || (dtype === 'int32' ? x === (x | 0) : x === 0 || x === 1)) return x;
  const code = Number.isFinite(x) ? 'ERR_DTYPE' : 'ERR_NON_FINITE';
  const expected = dtype === 'int32' ? 'int32 holds integers below 2^31' : 'bool holds 0 and 1';
  throw new RidgelineError(code, `${expected}, received ${x} at [${[at].flat().join('][')}]`, {
    expected,
    received: x,
  });
}

/** What a typed array becomes unless a type is asked for. */
export function dtypeOf(values: NumberArray | BigArray): DType {
  return kindOf(values) === 'Int32Array' ? 'int32' : 'float32';
}

/**
 * Copies the elements `from` to `until` of a typed array, whose place is `path`, into elements of `dtype` at `offset`.
 * @throws {RidgelineError} As {@link element}; `ERR_ARGUMENT` for an array whose buffer was detached.
 */
export function copyPiece(
  values: NumberArray | BigArray,
  [from, until]: readonly [number, number],
  dtype: DType,
  to: DataOf[DType],
  offset: number,
  path: readonly number[],
): void {
  // A detached array has no length, and one that shrank a smaller one.
  if (isDetached(values) || values.length < until)
    throw argumentError('values', 'an array whose buffer is not detached', values);
  if (isNumberArray(values) && (dtype === 'float32' || dtypeOf(values) === dtype)) {
    to.set(from === 0 && until === values.length ? values : values.subarray(from, until), offset);
    return;
  }
  for (let i = from; i < until; i++) to[offset + i - from] = element(Number(values[i]), dtype, [...path, i]);
}

/** A typed array as new elements of `dtype`; throws as {@link copyPiece}, and `ERR_MEMORY`. */
export function* copied<D extends DType>(values: NumberArray | BigArray, dtype: D): Work<DataOf[D]> {
  const { length } = values;
  const data = zeros(dtype, length);
  // Once at least: an array without elements may be a detached one.
  for (let from = 0; from === 0 || from < length; from += PIECE) {
    copyPiece(values, [from, Math.min(from + PIECE, length)], dtype, data, from, []);
    yield;
  }
  return data;
}

/** True where the memory behind an array was given away, or shrank. */
export function isDetached(values: NumberArray | BigArray): boolean {
  if (values.length > 0) return false;
  try {
    // Throws where there is no memory.
    values.fill(0 as never, 0, 0);
    return false;
  } catch {
    return true;
  }
}
