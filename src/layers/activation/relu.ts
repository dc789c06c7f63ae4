/**
 * ReLU (Nair & Hinton 2010), with Keras' bound, slope and threshold.
 */
import * as activations from '../../activations/index.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nonNegative, type Table } from '../options.js';

/** Options of {@link ReLU}. */
export interface ReLUOptions extends LayerOptions {
  /** Bound of the output. Default none. */
  readonly maxValue?: number | null | undefined;
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number | undefined;
  /** Where the output begins to follow the input. Default 0. */
  readonly threshold?: number | undefined;
}

/** `max(x, 0)`, bounded and sloped by options. Input and output have one shape. */
export class ReLU extends Layer<ReLUOptions> {
  static override readonly className: string = 'ReLU';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<ReLUOptions> = {
    maxValue: nonNegative(null),
    negativeSlope: nonNegative(0),
    threshold: nonNegative(0),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.relu(x, this.options);
  }
}

/**
 * A ReLU layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const relu = (options?: ReLUOptions): ReLU => new ReLU(options);
