/**
 * Orthogonal initial values (Saxe et al. 2014): every singular value of the matrix is `gain`.
 */
import { number, type Table } from '../core/options.js';
import { defineInitializer, type InitializerFactory, type SeedOption, seeded } from './initializer.js';

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions extends SeedOption {
  /** Factor. Default 1. */
  readonly gain?: number | undefined;
}

const OPTIONS: Table<OrthogonalOptions> = { ...seeded, gain: number(1) };

/**
 * A random orthogonal matrix times `gain`; axes before the last are merged.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const orthogonal: InitializerFactory<OrthogonalOptions> = defineInitializer(
  'orthogonal',
  OPTIONS,
  'orthogonal',
);
