/**
 * Labels in the form that predictions need.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, shapeError } from '../errors.js';
import * as ops from '../ops/index.js';

/** Keras' epsilon, which keeps logarithms and quotients finite. */
export const EPSILON = 1e-7;

/**
 * Labels and predictions, which must be values of a trace.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else.
 */
export function pair(yTrue: unknown, yPred: unknown): [SymbolicTensor, SymbolicTensor] {
  for (const [name, t] of Object.entries({ yTrue, yPred })) {
    if (!(t instanceof SymbolicTensor)) throw argumentError(name, 'a symbolic tensor', t);
  }
  return [yTrue as SymbolicTensor, yPred as SymbolicTensor];
}

/** Labels with the trailing axis of one that predictions have, or without the one they lack; else as they are. */
function trailing(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const missing = yTrue.rank + 1 === yPred.rank && yPred.shape.at(-1) === 1;
  const extra = yTrue.rank === yPred.rank + 1 && yTrue.shape.at(-1) === 1;
  const fits = (d: number | null, i: number): boolean =>
    i >= yPred.rank || d === null || yPred.shape[i] === null || d === yPred.shape[i];
  if ((!missing && !extra) || !yTrue.shape.every(fits)) return yTrue;
  return Trace.running.emit('reshapeLike', [yTrue, yPred])[0];
}

/** Labels in the shape of predictions; only a trailing axis of one may differ. */
export function align(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const labels = trailing(yTrue, yPred);
  const [a, b] = [labels.shape, yPred.shape];
  if (a.length !== b.length || a.some((d, i) => d !== null && b[i] !== null && d !== b[i])) {
    throw shapeError('y', shapeText(b), shapeText(a));
  }
  return labels;
}

/** Labels as functions of one's own get them: float32, with the trailing axis of one that predictions have. */
export function matched(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  return trailing(float(yTrue), yPred);
}

/** As float32. */
export function float(x: SymbolicTensor): SymbolicTensor {
  return ops.cast(x, 'float32');
}

/** Labels of which the share `smoothing` is spread over all classes. */
export function smoothed(labels: SymbolicTensor, smoothing: number, classes: number): SymbolicTensor {
  return smoothing === 0 ? labels : ops.add(ops.mul(labels, 1 - smoothing), smoothing / classes);
}

/** Class indices in the shape of the predictions without their last axis. */
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
  return ops.cast(flat, 'int32');
}

/**
 * With `axis` as the last one, the others in their order.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an axis that is not there.
 */
export function lastAxis(x: SymbolicTensor, axis: number): SymbolicTensor {
  const { rank } = x;
  if (axis < -rank || axis >= rank) throw argumentError('axis', `between ${-rank} and ${rank - 1}`, axis);
  const at = axis < 0 ? axis + rank : axis;
  if (at === rank - 1) return x;
  const others = x.shape.map((_, i) => i).filter((i) => i !== at);
  return ops.transpose(x, [...others, at]);
}

/** Class indices `[…]` as rows `[…, classes]` of 0 and one 1, for the classes of predictions. */
export const oneHot = (indices: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor =>
  ops.oneHot(indices, yPred.shape.at(-1) as number);
