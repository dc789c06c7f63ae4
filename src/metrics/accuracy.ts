/**
 * Accuracies: the share of predictions that are right.
 */
import { number } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { sparseLabels } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import { defineMetric, type MetricFactory } from './metric.js';

function hits(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return ops.cast(ops.equal(a, b), 'float32');
}

/** Options of {@link binaryAccuracy}. */
export interface BinaryAccuracyOptions {
  /** Predictions strictly above it count as 1. Default 0.5. */
  readonly threshold?: number | undefined;
}

/** Share of predictions on the right side of a threshold. */
export const binaryAccuracy: MetricFactory<'binary_accuracy', BinaryAccuracyOptions> = defineMetric<
  'binary_accuracy',
  BinaryAccuracyOptions
>({
  name: 'binary_accuracy',
  direction: 'max',
  options: { threshold: number(0.5) },
  call({ threshold }, yTrue, yPred) {
    const guess = ops.cast(ops.greater(yPred, threshold), 'float32');
    const labels = ops.cast(yTrue, 'float32');
    const same = labels.rank === guess.rank ? labels : ops.reshape(labels, guess.shape);
    const each = hits(same, guess);
    return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
  },
});

/** Share of predictions whose largest class is that of the one-hot label. */
export const categoricalAccuracy: MetricFactory<'categorical_accuracy'> =
  defineMetric<'categorical_accuracy'>({
    name: 'categorical_accuracy',
    direction: 'max',
    options: {},
    call: (_, yTrue, yPred) => hits(ops.argMax(ops.cast(yTrue, 'float32')), ops.argMax(yPred)),
  });

/** Share of predictions whose largest class is the label's index. */
export const sparseCategoricalAccuracy: MetricFactory<'sparse_categorical_accuracy'> =
  defineMetric<'sparse_categorical_accuracy'>({
    name: 'sparse_categorical_accuracy',
    direction: 'max',
    options: {},
    call: (_, yTrue, yPred) => hits(sparseLabels(yTrue, yPred), ops.argMax(yPred)),
  });

const [binary, categorical, sparse] = [binaryAccuracy(), categoricalAccuracy(), sparseCategoricalAccuracy()];

/** Share of predictions whose class is right: binary, categorical or sparse, by the shapes. */
export const accuracy: MetricFactory<'accuracy'> = defineMetric<'accuracy'>({
  name: 'accuracy',
  direction: 'max',
  options: {},
  call(_, yTrue, yPred, loss) {
    // Keras' rule: one output is binary; labels of a lower rank, or of one column, are indices.
    if (yPred.shape.at(-1) === 1) return binary.call(yTrue, yPred, loss);
    const indices = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
    return (indices ? sparse : categorical).call(yTrue, yPred, loss);
  },
});
