/**
 * Exponential decay: `initialLearningRate · decayRate^(step / decaySteps)`.
 */
import { boolean, nonNegative, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link exponentialDecay}. */
export interface ExponentialDecayOptions {
  /** Learning rate of the first step. */
  readonly initialLearningRate: number;
  /** Steps in which it is multiplied by the decay rate once. */
  readonly decaySteps: number;
  /** What it is multiplied by, ≥ 0; above 1 it grows. */
  readonly decayRate: number;
  /** Changes it only after each `decaySteps` steps. Default false: with every step. */
  readonly staircase?: boolean | undefined;
}

/** See {@link exponentialDecay}. */
export class ExponentialDecay extends LearningRateSchedule<ExponentialDecayOptions> {
  static override readonly scheduleName: string = 'exponentialDecay';
  static override readonly options: Table<ExponentialDecayOptions> = {
    initialLearningRate: nonNegative(),
    decaySteps: positive(),
    decayRate: nonNegative(),
    staircase: boolean(false),
  };
}

/**
 * Multiplies the learning rate by `decayRate` every `decaySteps` steps.
 *
 * @example
 * ```ts
 * const learningRate = optimizers.schedules.exponentialDecay({
 *   initialLearningRate: 0.1,
 *   decaySteps: 100,
 *   decayRate: 0.96,
 * });
 * model.compile({ optimizer: optimizers.adam({ learningRate }), loss: 'mse' });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const exponentialDecay = (options: ExponentialDecayOptions): ExponentialDecay =>
  new ExponentialDecay(options);
