/**
 * Cosine decay with warm restarts (Loshchilov & Hutter 2017, "SGDR"):
 * `initialLearningRate · ((1 − alpha) · mMul^i · ½(1 + cos(π · share)) + alpha)`, where `share` of period `i` has
 * passed, which is `firstDecaySteps · tMul^i` steps long.
 */
import { number as checkNumber } from '../../core/check.js';
import { fraction, nonNegative, option, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link cosineDecayRestarts}. */
export interface CosineDecayRestartsOptions {
  /** Learning rate of the first step. */
  readonly initialLearningRate: number;
  /** Steps of the first period. */
  readonly firstDecaySteps: number;
  /** How many times longer each period is than the one before, at least 1. Default 2. */
  readonly tMul?: number | undefined;
  /** How many times higher each period starts than the one before, ≥ 0. Default 1. */
  readonly mMul?: number | undefined;
  /** Share of the initial learning rate, in [0, 1], that is left at the end of a period. Default 0. */
  readonly alpha?: number | undefined;
}

/** See {@link cosineDecayRestarts}. */
export class CosineDecayRestarts extends LearningRateSchedule<CosineDecayRestartsOptions> {
  static override readonly scheduleName: string = 'cosineDecayRestarts';
  static override readonly options: Table<CosineDecayRestartsOptions> = {
    initialLearningRate: nonNegative(),
    firstDecaySteps: positive(),
    // Shorter and shorter periods would be over at some step, and Keras' learning rate is NaN from there on.
    tMul: option((argument, given) => checkNumber(argument, given, 'a number ≥ 1', (n) => n >= 1), 2),
    mMul: nonNegative(1),
    alpha: fraction(0),
  };
}

/**
 * Goes down along half a wave of a cosine, again and again.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const cosineDecayRestarts = (options: CosineDecayRestartsOptions): CosineDecayRestarts =>
  new CosineDecayRestarts(options);
