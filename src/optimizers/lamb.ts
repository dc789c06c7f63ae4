/**
 * Lamb (You et al. 2020): Adam's step, `u = m̂/(√v̂ + ε)`, as long as the weight is: `w ← w − lr·(‖w‖/‖u‖)·u`.
 *
 * The ratio is 1 where a norm is 0.
 */
import { nonNegative, rate, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { corrected, follow } from './moments.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';
import type { StateShapes, UpdateArguments, Updated } from './own-update.js';

/** Options of {@link lamb}. */
export interface LambOptions extends OptimizerOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Lamb. */
export class Lamb extends Optimizer<LambOptions> {
  static override readonly optimizerName: string = 'lamb';
  static override readonly options: Table<LambOptions> = {
    ...common(0.001),
    beta1: rate(0.9),
    beta2: rate(0.999),
    epsilon: nonNegative(1e-7),
  };

  override state(shape: readonly number[]): StateShapes {
    return { momentum: shape, velocity: shape };
  }

  override update({ weight, gradient, state, learningRate, step }: UpdateArguments): Updated {
    const { beta1, beta2, epsilon } = this.options;
    const momentum = follow(state.momentum as SymbolicTensor, gradient, beta1);
    const velocity = follow(state.velocity as SymbolicTensor, ops.square(gradient), beta2);
    const root = ops.add(ops.sqrt(corrected(velocity, beta2, step)), epsilon);
    const update = ops.div(corrected(momentum, beta1, step), root);
    const [ofWeight, ofUpdate] = [ops.norm(weight), ops.norm(update)];
    const both = ops.logicalAnd(ops.greater(ofWeight, 0), ops.greater(ofUpdate, 0));
    const ratio = ops.where(both, ops.div(ofWeight, ofUpdate), 1);
    const length = ops.mul(learningRate, ratio);
    return { weight: ops.sub(weight, ops.mul(length, update)), state: { momentum, velocity } };
  }
}

/**
 * Lamb (You et al. 2020), for large batches. Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const lamb = (...given: OptimizerArguments<LambOptions>): Lamb => new Lamb(...given);
