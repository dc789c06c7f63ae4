/**
 * Inverse time decay: `initialLearningRate / (1 + decayRate · step / decaySteps)`.
 */
import { boolean, nonNegative, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link inverseTimeDecay}. */
export interface InverseTimeDecayOptions {
  /** Learning rate of the first step. */
  readonly initialLearningRate: number;
  /** Steps in which the divisor grows by the decay rate once. */
  readonly decaySteps: number;
  /** What the divisor, 1 at first, grows by, ≥ 0. */
  readonly decayRate: number;
  /** Changes it only after each `decaySteps` steps. Default false: with every step. */
  readonly staircase?: boolean | undefined;
}

/** See {@link inverseTimeDecay}. */
export class InverseTimeDecay extends LearningRateSchedule<InverseTimeDecayOptions> {
  static override readonly scheduleName: string = 'inverseTimeDecay';
  static override readonly options: Table<InverseTimeDecayOptions> = {
    initialLearningRate: nonNegative(),
    decaySteps: positive(),
    decayRate: nonNegative(),
    staircase: boolean(false),
  };
}

/**
 * Divides the initial learning rate by what grows by `decayRate` every `decaySteps` steps.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const inverseTimeDecay = (options: InverseTimeDecayOptions): InverseTimeDecay =>
  new InverseTimeDecay(options);
