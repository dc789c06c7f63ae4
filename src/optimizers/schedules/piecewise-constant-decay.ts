/**
 * Piecewise constant decay: one learning rate up to each boundary, and one behind the last.
 */
import { isFloat } from '../../core/check.js';
import { list, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link piecewiseConstantDecay}. */
export interface PiecewiseConstantDecayOptions {
  /** Steps with which a learning rate is last in force, in increasing order. */
  readonly boundaries: readonly number[];
  /** Learning rates, one more than boundaries. */
  readonly values: readonly number[];
}

/** See {@link piecewiseConstantDecay}. */
export class PiecewiseConstantDecay extends LearningRateSchedule<PiecewiseConstantDecayOptions> {
  static override readonly scheduleName: string = 'piecewiseConstantDecay';
  static override readonly options: Table<PiecewiseConstantDecayOptions> = {
    boundaries: list<number>('a list of finite numbers', Number.isFinite),
    values: list<number>('a list of finite numbers ≥ 0', (value) => isFloat(value) && value >= 0),
  };
}

/**
 * Learning rates by the step, counted from 0: `values[0]` up to `boundaries[0]`, that step included, then `values[1]`
 * up to `boundaries[1]`, and so on.
 *
 * @example
 * ```ts
 * const learningRate = optimizers.schedules.piecewiseConstantDecay({
 *   boundaries: [1000, 2000],
 *   values: [0.1, 0.01, 0.001],
 * });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const piecewiseConstantDecay = (options: PiecewiseConstantDecayOptions): PiecewiseConstantDecay =>
  new PiecewiseConstantDecay(options);
