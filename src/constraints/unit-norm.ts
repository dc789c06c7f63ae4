/**
 * Unit norm: vectors of weights have length one.
 */
import type { Table } from '../core/options.js';
import { NormConstraint, type NormOptions, normed } from './norm.js';

/** Options of {@link unitNorm}. */
export interface UnitNormOptions extends NormOptions {}

/** `w / (1e-7 + ‖w‖)`, with norms over `axis`. */
export class UnitNorm extends NormConstraint<UnitNormOptions> {
  static override readonly constraintName: string = 'unitNorm';
  static override readonly options: Table<UnitNormOptions> = normed;
}

/**
 * Holds the vectors of a weight to length one. Default: over axis 0.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const unitNorm = (options?: UnitNormOptions): UnitNorm => new UnitNorm(options);
