/**
 * Helpers that get data ready.
 */
import { boolean, options as checkOptions, integer, number } from '../core/check.js';
import { zeros } from '../core/elements.js';
import { Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, isRidgelineError, RidgelineError } from '../errors.js';

export { tensor } from '../core/tensor.js';

/**
 * One-hot rows for class indices: `[n]` becomes `[n, classes]`.
 *
 * @param numClasses Default: the largest index plus one.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an index outside `[0, numClasses)`, `ERR_DTYPE` for one that is no
 *   integer, `ERR_MEMORY` for more classes than fit.
 */
export function toCategorical(labels: TensorInput, numClasses?: number): Tensor<'float32'> {
  const given = numClasses === undefined ? undefined : integer('numClasses', numClasses, 1);
  const expected = given === undefined ? 'integers ≥ 0' : `integers in [0, ${given})`;
  const indices = integers(labels, expected);
  const shape =
    indices.shape.length > 1 && indices.shape.at(-1) === 1 ? indices.shape.slice(0, -1) : indices.shape;
  const fits = (index: number): boolean =>
    Number.isInteger(index) && index >= 0 && index < (given ?? 2 ** 31);
  const bad = indices.data.find((index: number) => !fits(index));
  if (bad !== undefined) throw argumentError('labels', expected, bad);
  const classes = given ?? indices.data.reduce((a: number, b: number) => Math.max(a, b), -1) + 1;
  const data = zeros('float32', indices.size * classes);
  indices.data.forEach((index: number, i: number) => {
    data[i * classes + index] = 1;
  });
  return new Tensor(data, [...shape, classes], 'float32');
}

/** Labels as integers: float32 would round large ones. */
function integers(labels: TensorInput, expected: string): Tensor<'int32'> {
  try {
    return tensor(labels, { dtype: 'int32' });
  } catch (error) {
    const received = isRidgelineError(error) ? error.details.received : undefined;
    throw typeof received === 'number' ? argumentError('labels', expected, received) : error;
  }
}

/** Options of {@link trainTestSplit}. */
export interface SplitOptions {
  /** Share of the rows, in (0, 1), or their number, that becomes test data. Default 0.25. */
  readonly testSize?: number | undefined;
  /** Seed of the order. Default 0. */
  readonly seed?: number | undefined;
  /** False to cut without mixing. Default true. */
  readonly shuffle?: boolean | undefined;
  /** True to keep the share of each class of `y` (class indices or one-hot rows) on both sides. Default false. */
  readonly stratify?: boolean | undefined;
}

/** What {@link trainTestSplit} gives. */
export interface Split {
  readonly xTrain: Tensor;
  readonly xTest: Tensor;
  readonly yTrain: Tensor;
  readonly yTest: Tensor;
}

/** A small generator (mulberry32) for the order of rows. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

function mix(rows: number[], random: () => number): number[] {
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [rows[i], rows[j]] = [rows[j] as number, rows[i] as number];
  }
  return rows;
}

function pick(of: Tensor, rows: readonly number[]): Tensor {
  const width = of.shape.slice(1).reduce((a, b) => a * b, 1);
  const data = zeros(of.dtype, rows.length * width);
  rows.forEach((row, i) => {
    data.set(of.elements.subarray(row * width, (row + 1) * width), i * width);
  });
  return new Tensor(data, [rows.length, ...of.shape.slice(1)], of.dtype);
}

/**
 * Splits rows into training and test data, seeded and optionally stratified.
 *
 * @example
 * ```ts
 * const { xTrain, xTest, yTrain, yTest } = trainTestSplit(x, y, { testSize: 0.2, seed: 7, stratify: true });
 * ```
 * @throws {RidgelineError} `ERR_SHAPE` when `x` and `y` have different rows, `ERR_ARGUMENT` for a size that
 *   leaves one side empty, and for a class of one row where `stratify` is to share it.
 */
export function trainTestSplit(x: TensorInput, y: TensorInput, options: SplitOptions = {}): Split {
  const given = checkOptions('trainTestSplit', options, ['testSize', 'seed', 'shuffle', 'stratify']);
  const [xs, ys] = [tensor(x), tensor(y)];
  const n = xs.shape[0] ?? 0;
  if (n !== (ys.shape[0] ?? 0)) {
    throw new RidgelineError('ERR_SHAPE', `x has ${n} rows, y has ${ys.shape[0] ?? 0}`, { argument: 'y' });
  }
  const size = number('testSize', given.testSize ?? 0.25, 'a number > 0', (s) => s > 0);
  const count = size < 1 ? Math.round(n * size) : integer('testSize', size, 1);
  if (count < 1 || count >= n)
    throw argumentError('testSize', `a size that leaves rows on both sides of ${n}`, given.testSize ?? 0.25);
  const shuffled = boolean('shuffle', given.shuffle ?? true);
  const random = generator(integer('seed', given.seed ?? 0, 0));
  const order = Array.from({ length: n }, (_, i) => i);
  if (shuffled) mix(order, random);
  let test = order.slice(n - count);
  if (boolean('stratify', given.stratify ?? false)) test = stratified(order, ys, count, n);
  const inTest = new Set(test);
  const train = order.filter((row) => !inTest.has(row));
  return { xTrain: pick(xs, train), xTest: pick(xs, test), yTrain: pick(ys, train), yTest: pick(ys, test) };
}

/** Rows for the test side: each class's share of `count`, the largest remainders first. */
function stratified(order: readonly number[], y: Tensor, count: number, n: number): number[] {
  const labels = y.rank > 1 && (y.shape[1] as number) > 1 ? y.argMax(1).data : y.elements;
  const classes = new Map<number, number[]>();
  for (const row of order) {
    const label = labels[row] as number;
    const rows = classes.get(label);
    if (rows) rows.push(row);
    else classes.set(label, [row]);
  }
  const single = [...classes].find(([, rows]) => rows.length === 1);
  if (single)
    throw argumentError(
      'stratify',
      `false, or y classes of two rows or more (class ${single[0]} has one)`,
      true,
    );
  const shares = [...classes.values()].map((rows) => {
    const exact = (rows.length * count) / n;
    return { rows, take: Math.floor(exact), rest: exact - Math.floor(exact) };
  });
  let left = count - shares.reduce((sum, s) => sum + s.take, 0);
  for (const entry of [...shares].sort((a, b) => b.rest - a.rest)) {
    if (left-- <= 0) break;
    entry.take += 1;
  }
  return shares.flatMap(({ rows, take }) => rows.slice(0, take));
}
