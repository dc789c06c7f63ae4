/**
 * Adadelta (Zeiler 2012): `s ← ρ·s + (1 − ρ)·g²; d ← −g·√(u + ε)/√(s + ε); u ← ρ·u + (1 − ρ)·d²; w ← w + lr·d`.
 */
import { nonNegative, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link adadelta}. */
export interface AdadeltaOptions extends OptimizerOptions {
  /** Decay of both averages, in [0, 1). Default 0.95. */
  readonly rho?: number | undefined;
  /** Added under the roots. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Adadelta. */
export class Adadelta extends Optimizer<AdadeltaOptions> {
  static override readonly optimizerName: string = 'adadelta';
  static override readonly options: Table<AdadeltaOptions> = {
    ...common(0.001),
    rho: rate(0.95),
    epsilon: nonNegative(1e-7),
  };
}

/**
 * Adadelta (Zeiler 2012). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adadelta = (...given: OptimizerArguments<AdadeltaOptions>): Adadelta => new Adadelta(...given);
