/**
 * Cross-entropy of classes: `−Σ y·ln p` over an axis, for labels as distributions or as indices.
 */
import { fraction as fractionOf } from '../core/check.js';
import { axis, boolean, integer, option } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { binaryCrossentropy } from './binary-crossentropy.js';
import {
  type CrossentropyOptions,
  crossentropyOptions,
  distributions,
  type LogitsOptions,
} from './crossentropy-options.js';
import { lastAxis, oneHot, smoothed, sparseLabels } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';
import { logitsOf, shares } from './probabilities.js';

/** Options of {@link sparseCategoricalCrossentropy}. */
export interface SparseCrossentropyOptions extends LogitsOptions {
  /** A class whose positions do not count, such as −1 for "unknown". Default none. */
  readonly ignoreClass?: number | null | undefined;
  /** Axis of the classes in predictions; labels have the others. Default the last. */
  readonly axis?: number | undefined;
}

/** `−Σ y·ln p` over an axis, for one-hot labels or distributions `[…, classes]`. */
export const categoricalCrossentropy: LossFactory<CrossentropyOptions> = defineLoss<CrossentropyOptions>({
  name: 'categoricalCrossentropy',
  options: crossentropyOptions,
  call({ fromLogits, labelSmoothing, axis }, yTrue, yPred) {
    const [labels, predictions] = distributions(yTrue, yPred, axis);
    const logits = fromLogits ? predictions : logitsOf(predictions, 'softmax');
    if (logits) {
      const attributes = { sparse: false, smoothing: labelSmoothing };
      return Trace.running.emit('softmaxCrossEntropy', [logits, labels], attributes)[0];
    }
    const smooth = smoothed(labels, labelSmoothing, predictions.shape.at(-1) as number);
    return ops.neg(ops.sum(ops.mul(smooth, ops.log(shares(predictions))), { axis: -1 }));
  },
});

/** `−ln p` of the labels' classes. */
function ofIndices(labels: SymbolicTensor, yPred: SymbolicTensor, fromLogits: boolean): SymbolicTensor {
  const logits = fromLogits ? yPred : logitsOf(yPred, 'softmax');
  if (logits) {
    return Trace.running.emit('softmaxCrossEntropy', [logits, labels], { sparse: true, smoothing: 0 })[0];
  }
  return ops.neg(ops.sum(ops.mul(oneHot(labels, yPred), ops.log(shares(yPred))), { axis: -1 }));
}

/** Cross-entropy for class indices `[…]` or `[…, 1]` against predictions `[…, classes]`. */
export const sparseCategoricalCrossentropy: LossFactory<SparseCrossentropyOptions> =
  defineLoss<SparseCrossentropyOptions>({
    name: 'sparseCategoricalCrossentropy',
    sparse: true,
    options: {
      fromLogits: boolean(false),
      ignoreClass: integer(Number.MIN_SAFE_INTEGER, null),
      axis: axis(-1),
    },
    ignoredClass: ({ ignoreClass }) => ignoreClass,
    valid({ ignoreClass, axis }, yTrue, yPred) {
      if (ignoreClass === undefined) return undefined;
      return ops.notEqual(sparseLabels(yTrue, lastAxis(yPred, axis)), ignoreClass);
    },
    call({ fromLogits, ignoreClass, axis }, yTrue, predictions) {
      const yPred = lastAxis(predictions, axis);
      const given = sparseLabels(yTrue, yPred);
      if (ignoreClass === undefined) return ofIndices(given, yPred, fromLogits);
      // What does not count is taken for class 0, whose loss is left out.
      const ignored = ops.equal(given, ignoreClass);
      return ops.where(ignored, 0, ofIndices(ops.where(ignored, 0, given), yPred, fromLogits));
    },
  });

/** A number in (0, 1]. */
const share = option((argument, given): number => {
  if (fractionOf(argument, given) > 0) return given as number;
  throw argumentError(argument, 'in (0, 1]', given);
}, 0.5);

/** Options of {@link categoricalGeneralizedCrossEntropy}. */
export interface GeneralizedCrossEntropyOptions {
  /** In (0, 1]: towards 0 it is cross-entropy, at 1 the mean absolute error. Default 0.5. */
  readonly q?: number | undefined;
}

/**
 * `(1 − p^q) / q`, with `p` the probability of the label's class, for class indices: bounded, so that wrong labels do
 * little harm (Zhang and Sabuncu 2018).
 */
export const categoricalGeneralizedCrossEntropy: LossFactory<GeneralizedCrossEntropyOptions> =
  defineLoss<GeneralizedCrossEntropyOptions>({
    name: 'categoricalGeneralizedCrossEntropy',
    sparse: true,
    options: { q: share },
    call({ q }, yTrue, yPred) {
      const likely = ops.mul(oneHot(sparseLabels(yTrue, yPred), yPred), yPred);
      return ops.div(ops.sub(1, ops.pow(ops.sum(likely, { axis: -1 }), q)), q);
    },
  });

/**
 * Cross-entropy by the shapes, as Keras picks it: binary where predictions have one column, sparse where labels are class
 * indices, else categorical.
 */
export const crossentropy: LossFactory = defineLoss({
  name: 'crossentropy',
  options: {},
  call(_, yTrue, yPred) {
    const last = yPred.shape.at(-1);
    const isSparse = yTrue.rank < yPred.rank || yTrue.shape.at(-1) === 1;
    if (last === 1) return binaryCrossentropy().call(yTrue, yPred);
    return (isSparse ? sparseCategoricalCrossentropy() : categoricalCrossentropy()).call(yTrue, yPred);
  },
});
