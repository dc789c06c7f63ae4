/**
 * Cross-entropy of yes and no: mean over an axis of `−y·ln p − (1 − y)·ln(1 − p)`.
 */
import { Trace } from '../core/trace.js';
import * as ops from '../ops/index.js';
import { type CrossentropyOptions, crossentropyOptions } from './crossentropy-options.js';
import { align, float, smoothed } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';
import { binaryEntropy, clipped, logitsOf } from './probabilities.js';

/** Mean over an axis of `−y·ln p − (1 − y)·ln(1 − p)`, for labels and predictions of one shape. */
export const binaryCrossentropy: LossFactory<CrossentropyOptions> = defineLoss<CrossentropyOptions>({
  name: 'binaryCrossentropy',
  probabilities: true,
  options: crossentropyOptions,
  call({ fromLogits, labelSmoothing, axis }, yTrue, yPred) {
    const labels = smoothed(align(float(yTrue), yPred), labelSmoothing, 2);
    const logits = fromLogits ? yPred : logitsOf(yPred, 'sigmoid');
    if (!logits) return ops.mean(binaryEntropy(labels, clipped(yPred)), { axis });
    const [each] = Trace.running.emit('sigmoidCrossEntropy', [logits, labels]);
    return ops.mean(each, { axis });
  },
});
