/**
 * Cosine decay (Loshchilov & Hutter 2017):
 * `initialLearningRate · ((1 − alpha) · ½(1 + cos(π · step / decaySteps)) + alpha)`, up to `decaySteps`.
 *
 * A warmup (Goyal et al. 2017) may come first: a straight line from the initial learning rate to a target, from which
 * it then decays.
 */
import { fraction, nonNegative, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link cosineDecay}. */
export interface CosineDecayOptions {
  /** Learning rate of the first step. */
  readonly initialLearningRate: number;
  /** Steps of the decay; those of the warmup come before. */
  readonly decaySteps: number;
  /** Share, in [0, 1], that is left at the end, of the learning rate that the decay starts from. Default 0. */
  readonly alpha?: number | undefined;
  /** Learning rate at the end of the warmup. Default none: no warmup. */
  readonly warmupTarget?: number | null | undefined;
  /** Steps of the warmup, if there is a target. Default 0. */
  readonly warmupSteps?: number | undefined;
}

/** See {@link cosineDecay}. */
export class CosineDecay extends LearningRateSchedule<CosineDecayOptions> {
  static override readonly scheduleName: string = 'cosineDecay';
  static override readonly options: Table<CosineDecayOptions> = {
    initialLearningRate: nonNegative(),
    decaySteps: positive(),
    alpha: fraction(0),
    warmupTarget: nonNegative(null),
    warmupSteps: nonNegative(0),
  };
}

/**
 * Goes down along half a wave of a cosine, perhaps after a linear warmup.
 *
 * @example
 * ```ts
 * const learningRate = optimizers.schedules.cosineDecay({
 *   initialLearningRate: 0,
 *   warmupTarget: 0.1,
 *   warmupSteps: 100,
 *   decaySteps: 1000,
 * });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const cosineDecay = (options: CosineDecayOptions): CosineDecay => new CosineDecay(options);
