/**
 * Predictions as cross-entropies need them: logits where there are some, else probabilities away from 0 and 1.
 *
 * Softmax and sigmoid heads feed their cross-entropy as logits, which gives exact gradients where Keras' clipped
 * probabilities have none.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { guard } from '../native.js';
import * as ops from '../ops/index.js';
import { EPSILON } from './labels.js';

/** Ops of dense layers without an activation: what they give are logits. */
const BARE = ['linear', 'matmul'];

/** The logits of `yPred` if it is a softmax over its last axis or a sigmoid. Says so where it is trained and can be neither. */
export function logitsOf(yPred: SymbolicTensor, op: 'softmax' | 'sigmoid'): SymbolicTensor | undefined {
  const traced = yPred.traced;
  if (!traced) return undefined;
  const producer = guard(() => traced.trace.graph.producer(traced.id));
  const [logits] = producer.inputs;
  if (BARE.includes(producer.op) && Trace.current?.training)
    console.warn(
      `ridgeline: a cross-entropy takes probabilities, but what it is given comes from a layer without an activation: end that in '${op}', or say { fromLogits: true } to the loss`,
    );
  return producer.op === op && logits ? SymbolicTensor.of(traced.trace, logits) : undefined;
}

/** Probabilities inside [1e-7, 1 − 1e-7] as Keras holds them: they have a finite logarithm. */
export const clipped = (p: SymbolicTensor): SymbolicTensor => ops.clip(p, EPSILON, 1 - EPSILON);

/** Each row `[…, classes]` divided by its sum. */
export const shares = (p: SymbolicTensor): SymbolicTensor =>
  clipped(ops.div(p, ops.sum(p, { axis: -1, keepdims: true })));

/** `−y·ln p − (1 − y)·ln(1 − p)`, for probabilities that have a finite logarithm. */
export function binaryEntropy(y: SymbolicTensor, p: SymbolicTensor): SymbolicTensor {
  const positive = ops.mul(y, ops.log(p));
  const negative = ops.mul(ops.sub(1, y), ops.log(ops.sub(1, p)));
  return ops.neg(ops.add(positive, negative));
}
