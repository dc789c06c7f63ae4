/**
 * Nadam (Dozat 2016): Adam with Nesterov's momentum, whose share is `μₜ = β₁·(1 − ½·0.96ᵗ)`.
 */
import { nonNegative, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link nadam}. */
export interface NadamOptions extends OptimizerOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Nadam. */
export class Nadam extends Optimizer<NadamOptions> {
  static override readonly optimizerName: string = 'nadam';
  static override readonly options: Table<NadamOptions> = {
    ...common(0.001),
    beta1: rate(0.9),
    beta2: rate(0.999),
    epsilon: nonNegative(1e-7),
  };
}

/**
 * Nadam (Dozat 2016). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const nadam = (...given: OptimizerArguments<NadamOptions>): Nadam => new Nadam(...given);
