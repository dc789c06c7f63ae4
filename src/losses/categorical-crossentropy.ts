/**
 * Cross-entropy of classes: `−Σ y·ln p` over the last axis, for labels as distributions or as indices.
 */
import { boolean, rate } from '../core/options.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import { float, smoothed, sparseLabels } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';
import { logitsOf, logShares } from './probabilities.js';

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCrossentropyOptions {
  /** True when predictions are logits. Default false. */
  readonly fromLogits?: boolean | undefined;
}

/** Options of {@link categoricalCrossentropy} and {@link binaryCrossentropy}. */
export interface CrossentropyOptions extends SparseCrossentropyOptions {
  /** Share of each label spread over all classes, in [0, 1). Default 0. */
  readonly labelSmoothing?: number | undefined;
}

/** `−Σ y·ln p` over the last axis, for one-hot labels or distributions `[…, classes]`. */
export const categoricalCrossentropy: LossFactory<CrossentropyOptions> = defineLoss<CrossentropyOptions>({
  name: 'categoricalCrossentropy',
  options: { fromLogits: boolean(false), labelSmoothing: rate(0) },
  call({ fromLogits, labelSmoothing }, yTrue, yPred) {
    const labels = float(yTrue);
    const classes = yPred.shape.at(-1);
    if (labels.rank !== yPred.rank || labels.shape.at(-1) !== classes) {
      throw shapeError('y', `one-hot labels ${shapeText(yPred.shape)}`, shapeText(yTrue.shape));
    }
    const logits = fromLogits ? yPred : logitsOf(yPred, 'softmax');
    if (logits) {
      const attributes = { sparse: false, smoothing: labelSmoothing };
      return Trace.running.emit('softmaxCrossEntropy', [logits, labels], attributes)[0];
    }
    const smooth = smoothed(labels, labelSmoothing, classes as number);
    return ops.neg(ops.sum(ops.mul(smooth, logShares(yPred)), { axis: -1 }));
  },
});

/** Cross-entropy for class indices `[…]` or `[…, 1]` against predictions `[…, classes]`. */
export const sparseCategoricalCrossentropy: LossFactory<SparseCrossentropyOptions> =
  defineLoss<SparseCrossentropyOptions>({
    name: 'sparseCategoricalCrossentropy',
    sparse: true,
    options: { fromLogits: boolean(false) },
    call({ fromLogits }, yTrue, yPred) {
      const indices = sparseLabels(yTrue, yPred);
      const logits = fromLogits ? yPred : logitsOf(yPred, 'softmax');
      if (logits) {
        const attributes = { sparse: true, smoothing: 0 };
        return Trace.running.emit('softmaxCrossEntropy', [logits, indices], attributes)[0];
      }
      const each = ops.reshape(ops.cast(indices, 'float32'), [...yPred.shape.slice(0, -1), 1]);
      const hot = ops.cast(ops.equal(each, range(yPred.shape.at(-1) as number)), 'float32');
      return ops.neg(ops.sum(ops.mul(hot, logShares(yPred)), { axis: -1 }));
    },
  });

/** 0, 1, … below `size`. */
function range(size: number): Tensor {
  return new Tensor(
    Float32Array.from({ length: size }, (_, i) => i),
    [size],
    'float32',
  );
}
