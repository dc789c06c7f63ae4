/**
 * Rows of data: by their indices, and in random order.
 */
import { options as checkOptions, integer } from '../core/check.js';
import { isNumberArray, zeros } from '../core/elements.js';
import { isTensor, Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';

/** A small generator (mulberry32) for the order of rows. */
export function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Puts rows in random order (Fisher–Yates), and gives them back. */
export function mix<T extends number[] | Int32Array>(rows: T, random: () => number): T {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [rows[i], rows[j]] = [rows[j] as number, rows[i] as number];
  }
  return rows;
}

/** The rows of a tensor that indices name. */
export function pick(of: Tensor, rows: readonly number[]): Tensor {
  const width = of.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = zeros(of.dtype, rows.length * width);
  rows.forEach((row, i) => {
    data.set(of.elements.subarray(row * width, (row + 1) * width), i * width);
  });
  return new Tensor(data, [rows.length, ...of.shape.slice(1)], of.dtype);
}

/**
 * The rows that `indices` name, in their order; one may be named several times.
 *
 * @example
 * ```ts
 * for (const { train, test } of kFold(x, { nSplits: 5 })) {
 *   await model.fit(take(x, train), take(y, train), { validationData: [take(x, test), take(y, test)] });
 * }
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for an index outside, `ERR_SHAPE` for a scalar.
 */
export function take(x: TensorInput, indices: ArrayLike<number> | Tensor): Tensor {
  const of = tensor(x);
  const [n] = of.shape;
  if (n === undefined) throw new RidgelineError('ERR_SHAPE', 'take expects rows, received a scalar');
  const expected = `a list of integers in [0, ${n})`;
  const list: unknown = isTensor(indices) ? indices.elements : indices;
  if (!Array.isArray(list) && !isNumberArray(list)) throw argumentError('indices', expected, indices);
  if (list.length > MOST_ROWS) throw argumentError('indices', `at most ${MOST_ROWS}`, list.length);
  // Of memory that was given away there are none.
  const rows: number[] = isNumberArray(list)
    ? Array.prototype.slice.call(list)
    : Array.from(list as number[]);
  const bad = rows.findIndex((row) => !(Number.isInteger(row) && row >= 0 && row < n));
  if (bad >= 0) throw argumentError('indices', expected, rows[bad]);
  return pick(of, rows);
}

/** Rows that are taken at a time. */
const MOST_ROWS = 2 ** 28;

/** Options of {@link shuffle}. */
export interface ShuffleOptions {
  /** Seed of the order. Default 0. */
  readonly seed?: number | undefined;
}

/**
 * All in one and the same random order of their rows.
 *
 * @example
 * ```ts
 * const [xs, ys] = shuffle([x, y], { seed: 7 });
 * ```
 * @throws {RidgelineError} `ERR_SHAPE` for data of different numbers of rows, `ERR_ARGUMENT` for anything but a list.
 */
export function shuffle<const T extends readonly TensorInput[]>(
  of: T,
  options: ShuffleOptions = {},
): { readonly [I in keyof T]: Tensor } {
  const { seed = 0 } = checkOptions('shuffle', options, ['seed']);
  if (!Array.isArray(of) || of.length === 0) throw argumentError('of', 'a list of data', of);
  const tensors = of.map((data: TensorInput) => tensor(data));
  const counts = tensors.map(({ shape }) => shape[0] ?? 0);
  const [n = 0] = counts;
  if (counts.some((count) => count !== n))
    throw new RidgelineError(
      'ERR_SHAPE',
      `shuffle expects one number of rows, received ${counts.join(', ')}`,
    );
  const order = mix(
    Array.from({ length: n }, (_, i) => i),
    generator(integer('seed', seed, 0)),
  );
  return tensors.map((data) => pick(data, order)) as { readonly [I in keyof T]: Tensor };
}
