/**
 * Labels in the form that predictions need.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';

/** Labels in the shape of predictions: a trailing axis of one is added or dropped. */
export function align(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
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

/** Labels as functions of one's own get them: float32, with the trailing axis of one that predictions have. */
export function matched(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
  const labels = float(yTrue);
  const missing = labels.rank + 1 === yPred.rank && yPred.shape.at(-1) === 1;
  const extra = labels.rank === yPred.rank + 1 && labels.shape.at(-1) === 1;
  return missing || extra ? reshapeLike(labels, yPred) : labels;
}

/** As float32. */
export function float(x: SymbolicTensor): SymbolicTensor {
  return ops.cast(x, 'float32');
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
