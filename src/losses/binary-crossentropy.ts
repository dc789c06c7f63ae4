/**
 * Cross-entropy of yes and no: mean over the last axis of `−y·ln p − (1 − y)·ln(1 − p)`.
 */
import { boolean, rate } from '../core/options.js';
import { Trace } from '../core/trace.js';
import * as ops from '../ops/index.js';
import type { CrossentropyOptions } from './categorical-crossentropy.js';
import { align, float, smoothed } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';
import { clipped, logitsOf } from './probabilities.js';

/** Mean over the last axis of `−y·ln p − (1 − y)·ln(1 − p)`, for labels and predictions of one shape. */
export const binaryCrossentropy: LossFactory<CrossentropyOptions> = defineLoss<CrossentropyOptions>({
  name: 'binaryCrossentropy',
  probabilities: true,
  options: { fromLogits: boolean(false), labelSmoothing: rate(0) },
  call({ fromLogits, labelSmoothing }, yTrue, yPred) {
    const labels = smoothed(align(float(yTrue), yPred), labelSmoothing, 2);
    const logits = fromLogits ? yPred : logitsOf(yPred, 'sigmoid');
    if (logits) {
      const [each] = Trace.running.emit('sigmoidCrossEntropy', [logits, labels]);
      return ops.mean(each, { axis: -1 });
    }
    const p = clipped(yPred);
    const positive = ops.mul(labels, ops.log(p));
    const negative = ops.mul(ops.sub(1, labels), ops.log(ops.sub(1, p)));
    return ops.mean(ops.neg(ops.add(positive, negative)), { axis: -1 });
  },
});
