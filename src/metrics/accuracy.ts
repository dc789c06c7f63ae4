/**
 * Accuracies: the share of predictions that are right.
 */
import { options as checkOptions, number } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { sparseLabels } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import type { Metric, MetricOptions } from './metric.js';

function hits(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  return ops.cast(ops.equal(a, b), 'float32');
}

/** Share of predictions whose class is right: binary, categorical or sparse, by the shapes. */
export function accuracy<N extends string = 'accuracy'>(given: MetricOptions<N> = {}): Metric<N> {
  checkOptions('accuracy', given, ['name']);
  return {
    name: given.name ?? ('accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call(yTrue, yPred, loss) {
      // Keras' rule: one output is binary; labels of a lower rank, or of one column, are indices.
      if (yPred.shape.at(-1) === 1) return binaryAccuracy().call(yTrue, yPred, loss);
      const sparse = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
      return (sparse ? sparseCategoricalAccuracy() : categoricalAccuracy()).call(yTrue, yPred, loss);
    },
  };
}

/** Share of predictions on the right side of `threshold` (strictly above counts as 1). Default 0.5. */
export function binaryAccuracy<N extends string = 'binary_accuracy'>(
  given: MetricOptions<N> & { readonly threshold?: number | undefined } = {},
): Metric<N> {
  checkOptions('binaryAccuracy', given, ['name', 'threshold']);
  const threshold = number('threshold', given.threshold ?? 0.5);
  return {
    name: given.name ?? ('binary_accuracy' as N),
    direction: 'max',
    getConfig: () => ({ threshold }),
    call(yTrue, yPred) {
      const guess = ops.cast(ops.greater(yPred, threshold), 'float32');
      const labels = ops.cast(yTrue, 'float32');
      const same = labels.rank === guess.rank ? labels : ops.reshape(labels, guess.shape);
      const each = hits(same, guess);
      return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
    },
  };
}

/** Share of predictions whose largest class is that of the one-hot label. */
export function categoricalAccuracy<N extends string = 'categorical_accuracy'>(
  given: MetricOptions<N> = {},
): Metric<N> {
  checkOptions('categoricalAccuracy', given, ['name']);
  return {
    name: given.name ?? ('categorical_accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call: (yTrue, yPred) => hits(ops.argMax(ops.cast(yTrue, 'float32')), ops.argMax(yPred)),
  };
}

/** Share of predictions whose largest class is the label's index. */
export function sparseCategoricalAccuracy<N extends string = 'sparse_categorical_accuracy'>(
  given: MetricOptions<N> = {},
): Metric<N> {
  checkOptions('sparseCategoricalAccuracy', given, ['name']);
  return {
    name: given.name ?? ('sparse_categorical_accuracy' as N),
    direction: 'max',
    getConfig: () => ({}),
    call: (yTrue, yPred) => hits(sparseLabels(yTrue, yPred), ops.argMax(yPred)),
  };
}
