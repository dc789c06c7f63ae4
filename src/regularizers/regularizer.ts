/**
 * What a regularizer is: a penalty that training adds to the loss.
 *
 * Penalties are plain sums: not divided by the batch, the number of weights or of steps. On activities the penalty is
 * divided by the batch size.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import type { Penalty, Weight } from '../core/weight.js';
import { RidgelineError } from '../errors.js';
import * as ops from '../ops/index.js';

/** A penalty on a tensor. */
export interface Regularizer extends Penalty {
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig(): ({ readonly name: string } & Record<string, unknown>) | undefined;
  /** @internal The function that it was made of, if it was. */
  readonly source?: (x: SymbolicTensor) => SymbolicTensor;
}

/** The penalty of what a layer gives, `[batch, …]`: that of the whole, divided by the batch size. */
export function activityPenalty(regularizer: Regularizer, y: SymbolicTensor): SymbolicTensor {
  return ops.div(regularizer.call(y), Trace.running.size(y, 0));
}

/** A function of ops as a regularizer; what it gives must be a scalar. */
export function ofFunction(penalty: (x: SymbolicTensor) => SymbolicTensor): Regularizer {
  return {
    factors: undefined,
    source: penalty,
    getConfig: () => undefined,
    call(x: SymbolicTensor | Weight) {
      const value = penalty(ops.add(x, 0));
      if (value instanceof SymbolicTensor && value.rank === 0) return value;
      throw new RidgelineError(
        'ERR_SHAPE',
        `a custom regularizer must give a scalar, received rank ${value?.rank}`,
      );
    },
  };
}
