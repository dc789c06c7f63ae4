/**
 * Losses: what training makes small, one value a sample, with Keras' formulas.
 *
 * Softmax and sigmoid heads feed their cross-entropy as logits, which gives exact gradients where Keras'
 * clipped probabilities have none.
 */
import { boolean, camel, options as checkOptions, type Name, number, unknownName } from '../core/check.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { guard } from '../native.js';
import * as ops from '../ops/index.js';

/** A loss. */
export interface Loss {
  /** Name, for saving; `undefined` for a function of one's own. */
  readonly name: string | undefined;
  /** True when labels are class indices. */
  readonly sparse: boolean;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  /** How to make an equal one. */
  getConfig(): Record<string, unknown> | undefined;
}

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

/** Labels in the shape of predictions: a trailing axis of one is added or dropped. */
function align(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const [a, b] = [yTrue.shape, yPred.shape];
  if (a.length + 1 === b.length && b.at(-1) === 1) return reshapeLike(yTrue, yPred);
  if (a.length === b.length + 1 && a.at(-1) === 1) return reshapeLike(yTrue, yPred);
  if (a.length !== b.length || a.some((d, i) => d !== null && b[i] !== null && d !== b[i])) {
    throw shapeError('y', shapeText(b), shapeText(a));
  }
  return yTrue;
}

function reshapeLike(x: SymbolicTensor, like: SymbolicTensor): SymbolicTensor {
  return (Trace.current as Trace).emit('reshapeLike', [x, like])[0] as SymbolicTensor;
}

function float(x: SymbolicTensor): SymbolicTensor {
  return ops.cast(x, 'float32') as SymbolicTensor;
}

/** Options of cross-entropies. */
export interface CrossentropyOptions {
  /** True when predictions are logits. Default false. */
  readonly fromLogits?: boolean;
  /** Share of each label spread over all classes, in [0, 1). Default 0. */
  readonly labelSmoothing?: number;
}

function crossentropyOptions(
  name: string,
  given: CrossentropyOptions,
  known: readonly string[],
): Required<CrossentropyOptions> {
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
      return ops.neg(ops.sum(ops.mul(smooth, log), { axis: -1 })) as SymbolicTensor;
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
        logits = ops.log(ops.clip(share, EPSILON, 1 - EPSILON)) as SymbolicTensor;
        const classes = yPred.shape.at(-1) as number;
        const each = ops.reshape(ops.cast(indices, 'float32'), [...yPred.shape.slice(0, -1), 1]);
        const range = trace.constant(tensorRange(classes));
        const hot = ops.cast(ops.equal(each, range), 'float32');
        return ops.neg(ops.sum(ops.mul(hot, logits), { axis: -1 })) as SymbolicTensor;
      }
      return trace.emit('softmaxCrossEntropy', [logits, indices], {
        sparse: true,
        smoothing: 0,
      })[0] as SymbolicTensor;
    },
  };
}

/** @internal Class indices in the shape of the predictions without their last axis. */
export function sparseLabels(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const expected = yPred.shape.slice(0, -1);
  const given =
    yTrue.rank === yPred.rank && yTrue.shape.at(-1) === 1 ? yTrue.shape.slice(0, -1) : yTrue.shape;
  if (
    given.length !== expected.length ||
    given.some((d, i) => d !== null && expected[i] !== null && d !== expected[i])
  ) {
    throw shapeError('y', `class indices ${shapeText(expected)}`, shapeText(yTrue.shape));
  }
  const flat = given === yTrue.shape ? yTrue : ops.reshape(yTrue, yTrue.shape.slice(0, -1));
  return ops.cast(flat, 'int32') as SymbolicTensor;
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
        labelSmoothing === 0
          ? labels
          : (ops.add(ops.mul(labels, 1 - labelSmoothing), labelSmoothing / 2) as SymbolicTensor);
      const logits = fromLogits ? yPred : logitsOf(yPred, 'sigmoid');
      if (logits) {
        const [each] = (Trace.current as Trace).emit('sigmoidCrossEntropy', [logits, smooth]);
        return ops.mean(each as SymbolicTensor, { axis: -1 });
      }
      const p = ops.clip(yPred, EPSILON, 1 - EPSILON);
      const positive = ops.mul(smooth, ops.log(p));
      const negative = ops.mul(ops.sub(1, smooth), ops.log(ops.sub(1, p)));
      return ops.mean(ops.neg(ops.add(positive, negative)) as SymbolicTensor, { axis: -1 });
    },
  };
}

/** Mean over the last axis of `(y − ŷ)²`. */
export const meanSquaredError = (): Loss => difference('meanSquaredError', (d) => ops.square(d));
/** Mean over the last axis of `|y − ŷ|`. */
export const meanAbsoluteError = (): Loss => difference('meanAbsoluteError', (d) => ops.abs(d));

function difference(name: string, of: (d: SymbolicTensor) => SymbolicTensor): Loss {
  return {
    name,
    sparse: false,
    getConfig: () => ({}),
    call(yTrue, yPred) {
      const each = of(ops.sub(align(float(yTrue), yPred), yPred) as SymbolicTensor);
      return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
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

const FACTORIES = {
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  binaryCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
} as const;
const ALIASES: Record<string, keyof typeof FACTORIES> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
};

/** A loss, its name, or a function of symbolic labels and predictions giving a value a sample. */
export type LossIdentifier =
  | Loss
  | Name<keyof typeof FACTORIES>
  | 'mse'
  | 'mae'
  | 'bce'
  | ((yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor);

/** @internal The loss that an option stands for. */
export function getLoss(argument: string, of: LossIdentifier): Loss {
  if (typeof of === 'function') {
    return { name: undefined, sparse: false, getConfig: () => undefined, call: of };
  }
  if (typeof of === 'object' && of !== null && 'call' in of) return of;
  if (typeof of !== 'string') throw argumentError(argument, 'a loss, its name or a function', of);
  const name = ALIASES[of.toLowerCase()] ?? camel(of);
  if (!Object.hasOwn(FACTORIES, name))
    throw unknownName(argument, [...Object.keys(FACTORIES), ...Object.keys(ALIASES)], of);
  return FACTORIES[name as keyof typeof FACTORIES]();
}

/** @internal A saved loss. */
export function restoreLoss(saved: { name: string; config: Record<string, unknown> }): Loss {
  if (!Object.hasOwn(FACTORIES, saved.name))
    throw new RidgelineError('ERR_IO', `the file names an unknown loss '${saved.name}'`);
  const config = Object.keys(saved.config).length > 0 ? saved.config : undefined;
  return (FACTORIES[saved.name as keyof typeof FACTORIES] as (o?: object) => Loss)(config);
}
