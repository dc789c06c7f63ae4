/**
 * Schedule-free AdamW (Defazio et al. 2024): gradients move `z` as in RMSprop with corrected averages, the mean `x` of all
 * `z` is what one wants, and the weight `y = (1 − β₁)·z + β₁·x` is where gradients are taken.
 */
import { integer, nonNegative, rate, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { corrected, follow } from './moments.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';
import type { StateShapes, UpdateArguments, Updated } from './own-update.js';

/** Options of {@link scheduleFreeAdamW}. */
export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** Share of the mean in the weight, in (0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root. Default 1e-8. */
  readonly epsilon?: number | undefined;
  /** Updates over which the learning rate grows to its full size. Default 0. */
  readonly warmupSteps?: number | undefined;
}

/** Schedule-free AdamW. */
export class ScheduleFreeAdamW extends Optimizer<ScheduleFreeAdamWOptions> {
  static override readonly optimizerName: string = 'scheduleFreeAdamW';
  static override readonly options: Table<ScheduleFreeAdamWOptions> = {
    ...common(0.0025),
    beta1: rate(0.9),
    beta2: rate(0.999),
    epsilon: nonNegative(1e-8),
    warmupSteps: integer(0, 0),
  };

  constructor(...given: OptimizerArguments<ScheduleFreeAdamWOptions>) {
    super(...given);
    // The mean is found again from the weight.
    if (this.options.beta1 === 0) throw argumentError('beta1', 'in (0, 1)', 0);
  }

  override state(shape: readonly number[]): StateShapes {
    return { momentum: 'weight', velocity: shape };
  }

  override update({ weight, gradient, state, learningRate, step }: UpdateArguments): Updated {
    const { beta1, beta2, epsilon, warmupSteps } = this.options;
    const warmup = warmupSteps > 0 ? ops.minimum(ops.div(step, warmupSteps), 1) : 1;
    const length = ops.mul(learningRate, warmup);
    const before = state.momentum as SymbolicTensor;
    const velocity = follow(state.velocity as SymbolicTensor, ops.square(gradient), beta2);
    const root = ops.add(ops.sqrt(corrected(velocity, beta2, step)), epsilon);
    const momentum = ops.sub(before, ops.div(ops.mul(length, gradient), root));
    const mean = ops.div(ops.sub(weight, ops.mul(before, 1 - beta1)), beta1);
    const next = ops.add(mean, ops.div(ops.sub(momentum, mean), step));
    return {
      weight: ops.add(ops.mul(momentum, 1 - beta1), ops.mul(next, beta1)),
      state: { momentum, velocity },
    };
  }
}

/**
 * Schedule-free AdamW (Defazio et al. 2024). Default learning rate 0.0025.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const scheduleFreeAdamW = (
  ...given: OptimizerArguments<ScheduleFreeAdamWOptions>
): ScheduleFreeAdamW => new ScheduleFreeAdamW(...given);
