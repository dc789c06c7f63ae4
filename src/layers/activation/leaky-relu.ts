/**
 * Leaky ReLU (Maas et al. 2013): a ReLU with a slope below 0.
 */
import * as activations from '../../activations/index.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nonNegative, type Table } from '../options.js';

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0. Default 0.3 (the activation's own default is 0.2, as in Keras). */
  readonly negativeSlope?: number | undefined;
}

/** `x` above 0, `negativeSlope·x` below. Input and output have one shape. */
export class LeakyReLU extends Layer<LeakyReLUOptions> {
  static override readonly className: string = 'LeakyReLU';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<LeakyReLUOptions> = { negativeSlope: nonNegative(0.3) };

  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.leakyRelu(x, this.options);
  }
}

/**
 * A leaky ReLU layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const leakyRelu = (options?: LeakyReLUOptions): LeakyReLU => new LeakyReLU(options);
