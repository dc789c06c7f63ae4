/**
 * The penalties l1·Σ|w| and l2·Σw², which the optimizer's own pass over a weight applies.
 *
 * The gradient of Σ|w| at 0 is 0; that of l2·Σw² is 2·l2·w.
 */
import { nonNegative, type OptionTable, positional, save, settle, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Weight } from '../core/weight.js';
import * as ops from '../ops/index.js';
import type { Regularizer } from './regularizer.js';

/** Options of {@link l1}. */
export interface L1Options {
  /** Factor of Σ|w|. Default 0.01. */
  readonly l1?: number | undefined;
}

/** Options of {@link l2}. */
export interface L2Options {
  /** Factor of Σw². Default 0.01. */
  readonly l2?: number | undefined;
}

/** Options of {@link l1L2}: Keras' defaults are 0 in one place and 0.01 in another, so both must be given. */
export interface L1L2Options {
  /** Factor of Σ|w|. */
  readonly l1: number;
  /** Factor of Σw². */
  readonly l2: number;
}

const L1: Table<L1Options> = { l1: positional(nonNegative(0.01)) };
const L2: Table<L2Options> = { l2: positional(nonNegative(0.01)) };
const L1L2: Table<L1L2Options> = { l1: nonNegative(), l2: nonNegative() };

function make(name: string, table: OptionTable, given: readonly unknown[]): Regularizer {
  const options = settle<object>(name, table, given);
  const factors = { l1: 0, l2: 0, ...options };
  return {
    factors,
    getConfig: () => ({ name, ...save(table, options) }),
    call(x: SymbolicTensor | Weight) {
      const absolute = ops.mul(ops.sum(ops.abs(x)), factors.l1);
      const squared = ops.mul(ops.sum(ops.square(x)), factors.l2);
      if (factors.l2 === 0) return absolute;
      return factors.l1 === 0 ? squared : ops.add(absolute, squared);
    },
  };
}

/**
 * `l1·Σ|w|`: drives weights to zero. Default 0.01.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a factor that is not a finite number ≥ 0.
 */
export const l1 = (...given: [factor?: number] | [options: L1Options]): Regularizer => make('l1', L1, given);

/**
 * `l2·Σw²`: keeps weights small; its gradient is `2·l2·w`. Default 0.01.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a factor that is not a finite number ≥ 0.
 */
export const l2 = (...given: [factor?: number] | [options: L2Options]): Regularizer => make('l2', L2, given);

/**
 * `l1·Σ|w| + l2·Σw²`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a factor that is missing or not a finite number ≥ 0.
 */
export const l1L2 = (options: L1L2Options): Regularizer => make('l1L2', L1L2, [options]);
