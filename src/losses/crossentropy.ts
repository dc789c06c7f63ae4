/**
 * Cross-entropies, with Keras' formulas.
 *
 * Softmax and sigmoid heads feed their cross-entropy as logits, which gives exact gradients where Keras'
 * clipped probabilities have none.
 */
import { boolean, type Complete, options as checkOptions, number } from '../core/check.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { shapeError } from '../errors.js';
import { guard } from '../native.js';
import * as ops from '../ops/index.js';
import { align, float, sparseLabels } from './labels.js';
import type { Loss } from './loss.js';

/** Keras' epsilon: probabilities are held inside [1e-7, 1 − 1e-7]. */
const EPSILON = 1e-7;

/** The logits of `yPred` if it is a softmax over its last axis or a sigmoid. */
function logitsOf(yPred: SymbolicTensor, op: 'softmax' | 'sigmoid'): SymbolicTensor | undefined {
  const traced = yPred.traced;
  if (!traced) return undefined;
  const producer = guard(() => traced.trace.graph.producer(traced.id));
  const [logits] = producer.inputs;
  return producer.op === op && logits ? SymbolicTensor.of(traced.trace, logits) : undefined;
}

/** Options of cross-entropies. */
export interface CrossentropyOptions {
  /** True when predictions are logits. Default false. */
  readonly fromLogits?: boolean | undefined;
  /** Share of each label spread over all classes, in [0, 1). Default 0. */
  readonly labelSmoothing?: number | undefined;
}

function crossentropyOptions(
  name: string,
  given: CrossentropyOptions,
  known: readonly string[],
): Complete<CrossentropyOptions> {
  const { fromLogits = false, labelSmoothing = 0 } = checkOptions(name, given, known);
  return {
    fromLogits: boolean('fromLogits', fromLogits),
    labelSmoothing: number('labelSmoothing', labelSmoothing, 'in [0, 1)', (s) => s >= 0 && s < 1),
  };
}

/** `−Σ y·ln p` over the last axis, for one-hot labels or distributions `[…, classes]`. */
export function categoricalCrossentropy(given: CrossentropyOptions = {}): Loss {
  const { fromLogits, labelSmoothing } = crossentropyOptions('categoricalCrossentropy', given, [
    'fromLogits',
    'labelSmoothing',
  ]);
  return {
    name: 'categoricalCrossentropy',
    sparse: false,
    getConfig: () => ({ fromLogits, labelSmoothing }),
    call(yTrue, yPred) {
      const labels = float(yTrue);
      if (labels.rank !== yPred.rank || labels.shape.at(-1) !== yPred.shape.at(-1)) {
        throw shapeError('y', `one-hot labels ${shapeText(yPred.shape)}`, shapeText(yTrue.shape));
      }
      const logits = fromLogits ? yPred : logitsOf(yPred, 'softmax');
      const trace = Trace.current as Trace;
      if (logits) {
        const attributes = { sparse: false, smoothing: labelSmoothing };
        return trace.emit('softmaxCrossEntropy', [logits, labels], attributes)[0] as SymbolicTensor;
      }
      const classes = yPred.shape.at(-1) as number;
      const smooth =
        labelSmoothing === 0
          ? labels
          : ops.add(ops.mul(labels, 1 - labelSmoothing), labelSmoothing / classes);
      const share = ops.div(yPred, ops.sum(yPred, { axis: -1, keepdims: true }));
      const log = ops.log(ops.clip(share, EPSILON, 1 - EPSILON));
      return ops.neg(ops.sum(ops.mul(smooth, log), { axis: -1 }));
    },
  };
}

/** Cross-entropy for class indices `[…]` or `[…, 1]` against predictions `[…, classes]`. */
export function sparseCategoricalCrossentropy(given: Pick<CrossentropyOptions, 'fromLogits'> = {}): Loss {
  const { fromLogits } = crossentropyOptions('sparseCategoricalCrossentropy', given, ['fromLogits']);
  return {
    name: 'sparseCategoricalCrossentropy',
    sparse: true,
    getConfig: () => ({ fromLogits }),
    call(yTrue, yPred) {
      const indices = sparseLabels(yTrue, yPred);
      const trace = Trace.current as Trace;
      let logits = fromLogits ? yPred : logitsOf(yPred, 'softmax');
      if (!logits) {
        // ln of the clipped, renormalized probabilities: their softmax is what Keras computes with.
        const share = ops.div(yPred, ops.sum(yPred, { axis: -1, keepdims: true }));
        logits = ops.log(ops.clip(share, EPSILON, 1 - EPSILON));
        const classes = yPred.shape.at(-1) as number;
        const each = ops.reshape(ops.cast(indices, 'float32'), [...yPred.shape.slice(0, -1), 1]);
        const range = trace.constant(tensorRange(classes));
        const hot = ops.cast(ops.equal(each, range), 'float32');
        return ops.neg(ops.sum(ops.mul(hot, logits), { axis: -1 }));
      }
      return trace.emit('softmaxCrossEntropy', [logits, indices], {
        sparse: true,
        smoothing: 0,
      })[0] as SymbolicTensor;
    },
  };
}

/** Mean over the last axis of `−y·ln p − (1 − y)·ln(1 − p)`, for labels and predictions of one shape. */
export function binaryCrossentropy(given: CrossentropyOptions = {}): Loss {
  const { fromLogits, labelSmoothing } = crossentropyOptions('binaryCrossentropy', given, [
    'fromLogits',
    'labelSmoothing',
  ]);
  return {
    name: 'binaryCrossentropy',
    sparse: false,
    getConfig: () => ({ fromLogits, labelSmoothing }),
    call(yTrue, yPred) {
      const labels = align(float(yTrue), yPred);
      const smooth =
        labelSmoothing === 0 ? labels : ops.add(ops.mul(labels, 1 - labelSmoothing), labelSmoothing / 2);
      const logits = fromLogits ? yPred : logitsOf(yPred, 'sigmoid');
      if (logits) {
        const [each] = (Trace.current as Trace).emit('sigmoidCrossEntropy', [logits, smooth]);
        return ops.mean(each as SymbolicTensor, { axis: -1 });
      }
      const p = ops.clip(yPred, EPSILON, 1 - EPSILON);
      const positive = ops.mul(smooth, ops.log(p));
      const negative = ops.mul(ops.sub(1, smooth), ops.log(ops.sub(1, p)));
      return ops.mean(ops.neg(ops.add(positive, negative)), { axis: -1 });
    },
  };
}

function tensorRange(size: number): Tensor {
  return new Tensor(
    Float32Array.from({ length: size }, (_, i) => i),
    [size],
    'float32',
  );
}
