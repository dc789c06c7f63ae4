/**
 * Polynomial decay:
 * `(initialLearningRate − endLearningRate) · (1 − step / decaySteps)^power + endLearningRate`, up to `decaySteps`.
 */
import { boolean, nonNegative, positive, type Table } from '../../core/options.js';
import { LearningRateSchedule } from './schedule.js';

/** Options of {@link polynomialDecay}. */
export interface PolynomialDecayOptions {
  /** Learning rate of the first step. */
  readonly initialLearningRate: number;
  /** Steps until the end. */
  readonly decaySteps: number;
  /** Learning rate at the end. Default 0.0001. */
  readonly endLearningRate?: number | undefined;
  /** Exponent, ≥ 0. Default 1: a straight line. */
  readonly power?: number | undefined;
  /**
   * Starts again behind the end, as if there were as many times `decaySteps` as it takes to have not passed them.
   * Default false: stays at the end.
   */
  readonly cycle?: boolean | undefined;
}

/** See {@link polynomialDecay}. */
export class PolynomialDecay extends LearningRateSchedule<PolynomialDecayOptions> {
  static override readonly scheduleName: string = 'polynomialDecay';
  static override readonly options: Table<PolynomialDecayOptions> = {
    initialLearningRate: nonNegative(),
    decaySteps: positive(),
    endLearningRate: nonNegative(0.0001),
    power: nonNegative(1),
    cycle: boolean(false),
  };
}

/**
 * Goes down to `endLearningRate` in `decaySteps` steps, along a polynomial.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const polynomialDecay = (options: PolynomialDecayOptions): PolynomialDecay =>
  new PolynomialDecay(options);
