/**
 * Splits of data into training and test data.
 */
import { boolean, options as checkOptions, integer, number } from '../core/check.js';
import { type Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import { classesOf, rowsByClass } from './classes.js';
import { generator, mix, pick } from './rows.js';

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
  /** The rows of the data that are the training data, in its order. */
  readonly trainIndices: Int32Array;
  /** The rows that are the test data. */
  readonly testIndices: Int32Array;
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
  return {
    xTrain: pick(xs, train),
    xTest: pick(xs, test),
    yTrain: pick(ys, train),
    yTest: pick(ys, test),
    trainIndices: Int32Array.from(train),
    testIndices: Int32Array.from(test),
  };
}

/** Rows for the test side: each class's share of `count`, the largest remainders first. */
function stratified(order: readonly number[], y: Tensor, count: number, n: number): number[] {
  const labels = classesOf(y);
  const classes = rowsByClass(order, (row) => labels[row] as number);
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
