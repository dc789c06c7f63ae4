/**
 * Whether the right class is among those with the largest predictions.
 */
import { integer } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { oneHot, sparseLabels } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import { defineMean, type MetricFactory } from './metric.js';

/** Options of top-k accuracies. */
export interface TopKOptions {
  /** How many of the largest predictions count. Default 5. */
  readonly k?: number | undefined;
}

const topK = { k: integer(1, 5) };

/** 1 where fewer than `k` predictions are larger than that of the label's class. */
function hits(indices: SymbolicTensor, yPred: SymbolicTensor, k: number): SymbolicTensor {
  const own = ops.sum(ops.mul(oneHot(indices, yPred), yPred), { axis: -1, keepdims: true });
  const larger = ops.sum(ops.cast(ops.greater(yPred, own), 'float32'), { axis: -1 });
  return ops.cast(ops.less(larger, k), 'float32');
}

/** Share of predictions among whose `k` largest classes is that of the one-hot label. */
export const topKCategoricalAccuracy: MetricFactory<'top_k_categorical_accuracy', TopKOptions> = defineMean<
  'top_k_categorical_accuracy',
  TopKOptions
>({
  name: 'top_k_categorical_accuracy',
  direction: 'max',
  options: topK,
  call: ({ k }, yTrue, yPred) => hits(ops.argMax(ops.cast(yTrue, 'float32')), yPred, k),
});

/** Share of predictions among whose `k` largest classes is the label's index. */
export const sparseTopKCategoricalAccuracy: MetricFactory<'sparse_top_k_categorical_accuracy', TopKOptions> =
  defineMean<'sparse_top_k_categorical_accuracy', TopKOptions>({
    name: 'sparse_top_k_categorical_accuracy',
    direction: 'max',
    options: topK,
    call: ({ k }, yTrue, yPred) => hits(sparseLabels(yTrue, yPred), yPred, k),
  });
