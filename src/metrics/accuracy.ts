/**
 * Accuracies: the share of predictions that are right.
 */
import { number } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { sparseLabels } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import { defineMean, type MetricFactory } from './metric.js';

function hits(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return ops.cast(ops.equal(a, b), 'float32');
}

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Predictions strictly above it count as 1. Default 0.5. */
  readonly threshold?: number | undefined;
}

/** 1 for a prediction on the right side of the threshold. */
function binaryHits(threshold: number, yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const guess = ops.cast(ops.greater(yPred, threshold), 'float32');
  const labels = ops.cast(yTrue, 'float32');
  const same = labels.rank === guess.rank ? labels : ops.reshape(labels, guess.shape);
  const each = hits(same, guess);
  return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
}

/** Share of predictions on the right side of a threshold. */
export const binaryAccuracy: MetricFactory<'binary_accuracy', BinaryAccuracyOptions> = defineMean<
  'binary_accuracy',
  BinaryAccuracyOptions
>({
  name: 'binary_accuracy',
  direction: 'max',
  options: { threshold: number(0.5) },
  call: ({ threshold }, yTrue, yPred) => binaryHits(threshold, yTrue, yPred),
});

const oneHotHits = (yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor =>
  hits(ops.argMax(ops.cast(yTrue, 'float32')), ops.argMax(yPred));

/** Share of predictions whose largest class is that of the one-hot label. */
export const categoricalAccuracy: MetricFactory<'categorical_accuracy'> = defineMean<'categorical_accuracy'>({
  name: 'categorical_accuracy',
  direction: 'max',
  options: {},
  call: (_, yTrue, yPred) => oneHotHits(yTrue, yPred),
});

const sparseHits = (yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor =>
  hits(sparseLabels(yTrue, yPred), ops.argMax(yPred));

/** Share of predictions whose largest class is the label's index. */
export const sparseCategoricalAccuracy: MetricFactory<'sparse_categorical_accuracy'> =
  defineMean<'sparse_categorical_accuracy'>({
    name: 'sparse_categorical_accuracy',
    direction: 'max',
    options: {},
    call: (_, yTrue, yPred) => sparseHits(yTrue, yPred),
  });

/** Share of predictions whose class is right: binary, categorical or sparse, by the shapes. */
export const accuracy: MetricFactory<'accuracy'> = defineMean<'accuracy'>({
  name: 'accuracy',
  direction: 'max',
  options: {},
  call(_, yTrue, yPred) {
    // Keras' rule: one output is binary; labels of a lower rank, or of one column, are indices.
    if (yPred.shape.at(-1) === 1) return binaryHits(0.5, yTrue, yPred);
    const indices = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
    return indices ? sparseHits(yTrue, yPred) : oneHotHits(yTrue, yPred);
  },
});
