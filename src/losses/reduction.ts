/**
 * How values of samples or positions become one number, and how they are weighted.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import * as ops from '../ops/index.js';
import { along, both } from '../ops/masks.js';
import { EPSILON } from './labels.js';
import type { Loss } from './loss.js';

/** What a loss or metric gave, which must be a value of the trace. */
export function values(argument: string, given: unknown): SymbolicTensor {
  if (given instanceof SymbolicTensor && given.traced) return given;
  throw argumentError(argument, 'a function that gives a symbolic tensor', given);
}

/**
 * The values of a loss as one, by Keras' reductions. By default it is the sum of the weighted values divided by their
 * number, not by the sum of the weights. Where some do not count, by the loss or by the mask of the predictions, the number
 * is of those that do.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for values that cannot be reduced so.
 */
export function reduced(
  trace: Trace,
  loss: Pick<Loss, 'call' | 'valid' | 'reduction'>,
  [yTrue, yPred]: readonly [SymbolicTensor, SymbolicTensor],
  weight: SymbolicTensor | undefined,
): SymbolicTensor {
  const each = values('loss', loss.call(yTrue, yPred));
  if (weight && each.rank === 0) {
    throw new RidgelineError(
      'ERR_SHAPE',
      'the loss must give a value for each sample to be weighted by sampleWeight, received a scalar',
    );
  }
  if (each.dtype !== 'float32')
    throw new RidgelineError('ERR_DTYPE', `the loss must give float32, received ${each.dtype}`);
  const { reduction = 'sumOverBatchSize' } = loss;
  const weights = weight && along(weight, each);
  const valid = both(loss.valid?.(yTrue, yPred, each), maskLike(yPred.mask, each));
  const mask = valid && ops.cast(valid, 'float32');
  // What does not count may be anything, even infinite.
  const counted = mask ? ops.where(valid, each, 0) : each;
  const sum = ops.sum(weights ? ops.mul(counted, weights) : counted);
  if (reduction === 'sum') return sum;
  if (reduction === 'meanWithSampleWeight' && weights) {
    const spread = mask ? ops.mul(mask, weights) : spreadLike(trace, weights, each);
    return quotient(sum, ops.sum(spread));
  }
  // Keras' divisor, which is never 0.
  return ops.div(sum, mask ? ops.add(ops.sum(mask), EPSILON) : trace.size(each));
}

/** Which values of `each` count by the mask of the predictions that they come of. */
function maskLike(mask: SymbolicTensor | undefined, each: SymbolicTensor): SymbolicTensor | undefined {
  if (!mask || mask.rank > each.rank) return undefined;
  return Trace.running.emit('broadcastLike', [along(mask, each), each])[0];
}

/** The weights of a metric where the predictions have a mask: 0 where they do not count. */
export function maskedWeight(
  weight: SymbolicTensor | undefined,
  { mask }: SymbolicTensor,
): SymbolicTensor | undefined {
  if (!mask) return weight;
  const counts = ops.cast(mask, 'float32');
  if (!weight) return counts;
  return weight.rank > mask.rank
    ? ops.mul(weight, along(counts, weight))
    : ops.mul(along(weight, counts), counts);
}

/** Weights, one for each value. */
export function spreadLike(trace: Trace, weights: SymbolicTensor, each: SymbolicTensor): SymbolicTensor {
  return trace.emit('broadcastLike', [weights, each])[0];
}

/** The weights of each value of `of`: those that were given along its first axes, or 1. */
export function weightsLike(weight: SymbolicTensor | undefined, of: SymbolicTensor): SymbolicTensor {
  const trace = Trace.running;
  return spreadLike(trace, weight ? along(weight, of) : trace.value(1), of);
}

/** `a / b`, 0 where there is nothing to divide by. */
function quotient(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  const none = ops.equal(b, 0);
  return ops.where(none, 0, ops.div(a, ops.where(none, 1, b)));
}
