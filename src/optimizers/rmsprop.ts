/**
 * RMSprop (Hinton 2012): `s ← rho·s + (1 − rho)·g²; w ← w − lr·g/√(s + ε)`, with the mean gradient taken off `s` if
 * it is centered, and with momentum on the scaled gradient.
 */
import { boolean, nonNegative, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link rmsprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the mean square, in [0, 1). Default 0.9. */
  readonly rho?: number | undefined;
  /** Momentum of the scaled gradient, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** Added under the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Subtracts the mean gradient. Default false. */
  readonly centered?: boolean | undefined;
}

/** RMSprop. */
export class RMSprop extends Optimizer<RMSpropOptions> {
  static override readonly optimizerName: string = 'rmsprop';
  static override readonly options: Table<RMSpropOptions> = {
    ...common(0.001),
    rho: rate(0.9),
    momentum: rate(0),
    epsilon: nonNegative(1e-7),
    centered: boolean(false),
  };
}

/**
 * RMSprop (Hinton 2012). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const rmsprop = (...given: OptimizerArguments<RMSpropOptions>): RMSprop => new RMSprop(...given);
