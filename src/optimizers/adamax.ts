/**
 * Adamax (Kingma & Ba 2015): `m ← β₁·m + (1 − β₁)·g; u ← max(β₂·u, |g|); w ← w − lr/(1 − β₁ᵗ)·m/(u + ε)`.
 */
import { nonNegative, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link adamax}. */
export interface AdamaxOptions extends OptimizerOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the norm, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the norm. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Adamax. */
export class Adamax extends Optimizer<AdamaxOptions> {
  static override readonly optimizerName: string = 'adamax';
  static override readonly options: Table<AdamaxOptions> = {
    ...common(0.001),
    beta1: rate(0.9),
    beta2: rate(0.999),
    epsilon: nonNegative(1e-7),
  };
}

/**
 * Adamax (Kingma & Ba 2015). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adamax = (...given: OptimizerArguments<AdamaxOptions>): Adamax => new Adamax(...given);
