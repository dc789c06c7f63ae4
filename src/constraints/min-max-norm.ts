/**
 * Min-max norm: vectors of weights are brought to a length between two bounds, at once or step by step.
 */
import { fraction, nonNegative, type Table } from '../core/options.js';
import { argumentError } from '../errors.js';
import { NormConstraint, type NormOptions, normed } from './norm.js';

/** Options of {@link minMaxNorm}. */
export interface MinMaxNormOptions extends NormOptions {
  /** Least norm. Default 0. */
  readonly minValue?: number | undefined;
  /** Largest norm. Default 1. */
  readonly maxValue?: number | undefined;
  /** Share of the way there that a step goes, in [0, 1]. Default 1. */
  readonly rate?: number | undefined;
}

/** `w·(rate·clip(‖w‖, minValue, maxValue) + (1 − rate)·‖w‖) / (1e-7 + ‖w‖)`, with norms over `axis`. */
export class MinMaxNorm extends NormConstraint<MinMaxNormOptions> {
  static override readonly constraintName: string = 'minMaxNorm';
  static override readonly options: Table<MinMaxNormOptions> = {
    minValue: nonNegative(0),
    maxValue: nonNegative(1),
    rate: fraction(1),
    ...normed,
  };

  constructor(options?: MinMaxNormOptions) {
    super(options);
    const { minValue, maxValue } = this.options;
    if (minValue > maxValue) throw argumentError('minValue', `at most maxValue, ${maxValue}`, minValue);
  }
}

/**
 * Brings the norm of a weight's vectors between bounds. Default: to at most 1, over axis 0.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const minMaxNorm = (options?: MinMaxNormOptions): MinMaxNorm => new MinMaxNorm(options);
