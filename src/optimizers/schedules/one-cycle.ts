/**
 * One cycle (Smith & Topin 2018), by the formula of PyTorch's `OneCycleLR`: up half a wave of a cosine from
 * `maxLearningRate / divFactor`, then down to that over `finalDivFactor`. Only the learning rate moves, no momentum.
 */
import { fraction, integer, nonNegative, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** Learning rate at the top. */
  readonly maxLearningRate: number;
  /** Steps of the cycle; the last learning rate stays after it. */
  readonly totalSteps: number;
  /** Share of the steps, in [0, 1], in which it rises. Default 0.3. */
  readonly pctStart?: number | undefined;
  /** The top over the first learning rate. Default 25. */
  readonly divFactor?: number | undefined;
  /** The first learning rate over the last. Default 10⁴. */
  readonly finalDivFactor?: number | undefined;
}

/** See {@link oneCycle}. */
export class OneCycle extends LearningRateSchedule<OneCycleOptions> {
  static override readonly scheduleName: string = 'oneCycle';
  static override readonly options: Table<OneCycleOptions> = {
    maxLearningRate: nonNegative(),
    totalSteps: integer(1),
    pctStart: fraction(0.3),
    divFactor: positive(25),
    finalDivFactor: positive(1e4),
  };
}

/**
 * Rises to a top and falls far below where it began.
 *
 * @example
 * ```ts
 * const learningRate = optimizers.schedules.oneCycle({ maxLearningRate: 0.1, totalSteps: 20 * 50 });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const oneCycle = (options: OneCycleOptions): OneCycle => new OneCycle(options);
