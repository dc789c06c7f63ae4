/**
 * Intersection over union of classes, for segmentation, from a matrix of what was what.
 */
import { numbersOf } from '../core/elements.js';
import { axis as axisOption, boolean, fraction, integer, list, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Tensor } from '../core/tensor.js';
import { argumentError } from '../errors.js';
import { EPSILON, float, lastAxis } from '../losses/labels.js';
import { weightsLike } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import {
  defineSums,
  type Increments,
  type MetricFactory,
  type Sums,
  type ToldMetricFactory,
} from './metric.js';

/** Classes whose matrix can be held. */
const MOST_CLASSES = 2 ** 14;

/** Options of {@link binaryIoU}. */
export interface BinaryIoUOptions {
  /** Classes of which the mean is taken: 0, 1 or both. Default both. */
  readonly targetClassIds?: readonly number[] | undefined;
  /** A prediction of at least this is class 1. Default 0.5. */
  readonly threshold?: number | undefined;
}

/** What one-hot labels can be told. */
export interface OneHotMeanIoUOptions {
  /** Number of classes. */
  readonly numClasses: number;
  /** A class of labels that does not count. */
  readonly ignoreClass?: number | null | undefined;
  /** True where predictions are class indices, false where they are numbers by class. Default true for `meanIoU`, else false. */
  readonly sparseYPred?: boolean | undefined;
  /** Axis of the classes. Default the last. */
  readonly axis?: number | undefined;
}

/** Options of {@link meanIoU}. */
export interface MeanIoUOptions extends OneHotMeanIoUOptions {
  /** True where labels are class indices, false where they are one-hot. Default true. */
  readonly sparseYTrue?: boolean | undefined;
}

/** Classes of which the mean is taken. */
interface Targets {
  readonly targetClassIds: readonly number[];
}

/** Options of {@link ioU}. */
export interface IoUOptions extends MeanIoUOptions, Targets {}

/** Options of {@link oneHotIoU}. */
export interface OneHotIoUOptions extends OneHotMeanIoUOptions, Targets {}

const isClass = (x: number): boolean => Number.isInteger(x) && x >= 0;

const oneHotTable: Table<OneHotMeanIoUOptions> = {
  numClasses: integer(1, undefined, MOST_CLASSES),
  ignoreClass: integer(Number.MIN_SAFE_INTEGER, null),
  sparseYPred: boolean(false),
  axis: axisOption(-1),
};
const sparseTable: Table<MeanIoUOptions> = {
  ...oneHotTable,
  sparseYPred: boolean(true),
  sparseYTrue: boolean(true),
};
const targets = { targetClassIds: list<number>('classes', isClass) };

/** How much of each class was taken for which: sums of weights, `[labels, predictions]`. */
function matrix(
  labels: SymbolicTensor,
  predictions: SymbolicTensor,
  weight: SymbolicTensor | undefined,
  { numClasses, ignoreClass }: { readonly numClasses: number; readonly ignoreClass?: number | undefined },
): Increments {
  const weights = weightsLike(weight, labels);
  const counts = ignoreClass === undefined ? weights : ops.where(ops.equal(labels, ignoreClass), 0, weights);
  const classes = new Tensor(
    numbersOf('float32', numClasses, (i) => i),
    [numClasses],
    'float32',
  );
  // Classes that there are not have rows of zeros.
  const rows = (x: SymbolicTensor): SymbolicTensor =>
    ops.cast(ops.equal(ops.reshape(x, [-1, 1]), classes), 'float32');
  const weighted = ops.mul(rows(labels), ops.reshape(counts, [-1, 1]));
  return { matrix: ops.matmul(weighted, rows(predictions), { transposeA: true }) };
}

function meanOver(classes: readonly number[], count: number, { matrix = [] }: Sums): number {
  const at = (row: number, column: number): number => matrix[row * count + column] as number;
  const all = Array.from({ length: count }, (_, i) => i);
  let [sum, valid] = [0, 0];
  for (const c of classes) {
    const union = all.reduce((total, i) => total + at(i, c) + at(c, i), 0) - at(c, c);
    if (union <= 1e-9) continue;
    sum += at(c, c) / (union + EPSILON);
    valid++;
  }
  return sum / (valid + EPSILON);
}

/** Class indices, as float32. */
const indices = (x: SymbolicTensor, isSparse: boolean, axis: number): SymbolicTensor =>
  float(isSparse ? ops.cast(x, 'int32') : ops.argMax(lastAxis(float(x), axis)));

interface Given extends MeanIoUOptions, Partial<Targets> {}

/** A metric of a matrix; where `told` says nothing of labels, they are one-hot. */
function ofMatrix<D extends string, C extends OneHotMeanIoUOptions>(
  name: D,
  table: Table<C>,
): ToldMetricFactory<D, C> {
  return defineSums<D, OneHotMeanIoUOptions>({
    name,
    direction: 'max',
    options: table as unknown as typeof oneHotTable,
    update(options, yTrue, yPred, weight) {
      const { sparseYTrue = false, targetClassIds = [] } = options as unknown as Given;
      const { numClasses, sparseYPred, axis } = options;
      const beyond = targetClassIds.find((c) => c >= numClasses);
      if (beyond !== undefined) throw argumentError('targetClassIds', `classes below ${numClasses}`, beyond);
      return matrix(indices(yTrue, sparseYTrue, axis), indices(yPred, sparseYPred, axis), weight, options);
    },
    result(options, sums) {
      const { numClasses, targetClassIds } = options as unknown as Given;
      return meanOver(targetClassIds ?? Array.from({ length: numClasses }, (_, i) => i), numClasses, sums);
    },
  }) as unknown as ToldMetricFactory<D, C>;
}

/** Mean over some classes of intersection over union of class indices. */
export const ioU: ToldMetricFactory<'io_u', IoUOptions> = ofMatrix<'io_u', IoUOptions>('io_u', {
  ...sparseTable,
  ...targets,
});

/** Mean over all classes of intersection over union of class indices; classes that do not occur are left out. */
export const meanIoU: ToldMetricFactory<'mean_io_u', MeanIoUOptions> = ofMatrix('mean_io_u', sparseTable);

/** Mean over some classes of intersection over union of one-hot labels. */
export const oneHotIoU: ToldMetricFactory<'one_hot_io_u', OneHotIoUOptions> = ofMatrix<
  'one_hot_io_u',
  OneHotIoUOptions
>('one_hot_io_u', {
  ...oneHotTable,
  ...targets,
});

/** Mean over all classes of intersection over union of one-hot labels. */
export const oneHotMeanIoU: ToldMetricFactory<'one_hot_mean_io_u', OneHotMeanIoUOptions> = ofMatrix(
  'one_hot_mean_io_u',
  oneHotTable,
);

/** Mean over two classes of intersection over union. */
export const binaryIoU: MetricFactory<'binary_io_u', BinaryIoUOptions> = defineSums<
  'binary_io_u',
  BinaryIoUOptions
>({
  name: 'binary_io_u',
  direction: 'max',
  options: {
    targetClassIds: list('0 and 1', (x: number) => x === 0 || x === 1, [0, 1]),
    threshold: fraction(0.5),
  },
  update: ({ threshold }, yTrue, yPred, weight) =>
    matrix(float(yTrue), float(ops.greaterEqual(yPred, threshold)), weight, { numClasses: 2 }),
  result: ({ targetClassIds }, sums) => meanOver(targetClassIds, 2, sums),
});
