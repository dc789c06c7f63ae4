/**
 * Initial values drawn from one distribution, whatever the shape of the weight.
 */
import { nonNegative, number, type Table } from '../core/options.js';
import { argumentError } from '../errors.js';
import { defineInitializer, type InitializerFactory, type SeedOption, seeded } from './initializer.js';

/** Options of {@link randomUniform}. */
export interface RandomUniformOptions extends SeedOption {
  /** The smallest value. Default −0.05. */
  readonly minval?: number | undefined;
  /** Bound above all values. Default 0.05. */
  readonly maxval?: number | undefined;
}

const UNIFORM: Table<RandomUniformOptions> = { ...seeded, minval: number(-0.05), maxval: number(0.05) };

/**
 * Uniform in [minval, maxval). Default ±0.05.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const randomUniform: InitializerFactory<RandomUniformOptions> = defineInitializer(
  'randomUniform',
  UNIFORM,
  'randomUniform',
  (options) => {
    const { minval = 0, maxval = 0 } = options;
    if (minval <= maxval) return options;
    throw argumentError('maxval', `at least minval, ${minval}`, maxval);
  },
);

/** Options of {@link randomNormal} and {@link truncatedNormal}. */
export interface RandomNormalOptions extends SeedOption {
  /** Mean. Default 0. */
  readonly mean?: number | undefined;
  /** Standard deviation. Default 0.05. */
  readonly stddev?: number | undefined;
}

const NORMAL: Table<RandomNormalOptions> = { ...seeded, mean: number(0), stddev: nonNegative(0.05) };

/**
 * Normal. Default mean 0, stddev 0.05.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const randomNormal: InitializerFactory<RandomNormalOptions> = defineInitializer(
  'randomNormal',
  NORMAL,
  'randomNormal',
);

/**
 * Normal, redrawn beyond two standard deviations. Default mean 0, stddev 0.05.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const truncatedNormal: InitializerFactory<RandomNormalOptions> = defineInitializer(
  'truncatedNormal',
  NORMAL,
  'truncatedNormal',
);
