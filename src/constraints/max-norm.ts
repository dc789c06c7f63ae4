/**
 * Max norm (Srivastava et al. 2014): vectors of weights that have grown too long are shortened.
 */
import { axes, nonNegative, positional, type Table } from '../core/options.js';
import { type Constraint, defineConstraint } from './constraint.js';

/** Options of {@link maxNorm}. */
export interface MaxNormOptions {
  /** Bound of the norm. Default 2. */
  readonly maxValue?: number | undefined;
  /** Axis or axes that a norm is taken over. Default 0: the inputs of each unit of a dense kernel `[in, units]`. */
  readonly axis?: number | readonly number[] | undefined;
}

type Given =
  | [maxValue: number, options?: Omit<MaxNormOptions, 'maxValue'>]
  | [options?: MaxNormOptions | undefined];

const OPTIONS: Table<MaxNormOptions> = { maxValue: positional(nonNegative(2)), axis: axes(0) };

/**
 * `w·clip(‖w‖, 0, maxValue) / (1e-7 + ‖w‖)`, with norms over `axis`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const maxNorm: (...given: Given) => Constraint = defineConstraint('maxNorm', OPTIONS);
