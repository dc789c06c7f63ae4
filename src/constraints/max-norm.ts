/**
 * Max norm (Srivastava et al. 2014): vectors of weights that have grown too long are shortened.
 */
import { nonNegative, positional, type Table } from '../core/options.js';
import { NormConstraint, type NormOptions, normed } from './norm.js';

/** Options of {@link maxNorm}. */
export interface MaxNormOptions extends NormOptions {
  /** Bound of the norm. Default 2. */
  readonly maxValue?: number | undefined;
}

type Given = [options?: MaxNormOptions] | [maxValue: number, options?: Omit<MaxNormOptions, 'maxValue'>];

/** `w·clip(‖w‖, 0, maxValue) / (1e-7 + ‖w‖)`, with norms over `axis`. */
export class MaxNorm extends NormConstraint<MaxNormOptions, Given> {
  static override readonly constraintName: string = 'maxNorm';
  static override readonly options: Table<MaxNormOptions> = {
    maxValue: positional(nonNegative(2)),
    ...normed,
  };
}

/**
 * Bounds the norm of a weight's vectors. Default: to 2, over axis 0.
 *
 * @example
 * ```ts
 * layers.dense(64, { kernelConstraint: constraints.maxNorm(3) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function maxNorm(maxValue: number, options?: Omit<MaxNormOptions, 'maxValue'>): MaxNorm;
export function maxNorm(options?: MaxNormOptions): MaxNorm;
export function maxNorm(...given: unknown[]): MaxNorm {
  return new MaxNorm(...(given as Given));
}
