/**
 * Activation: a layer that applies an activation function, by name or one of one's own.
 */
import type { ActivationIdentifier } from '../../activations/identifier.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Layer } from '../layer.js';
import { givenActivation, type LayerOptions, type Table } from '../options.js';

/** Config of {@link Activation}. */
export interface ActivationConfig extends LayerOptions {
  /** Name of the activation, or a function of ops. */
  readonly activation: ActivationIdentifier;
}

type Given = [activation: ActivationIdentifier, options?: LayerOptions] | [config: ActivationConfig];

/** Applies an activation. Input and output have one shape. */
export class Activation extends Layer<ActivationConfig, Given> {
  static override readonly className: string = 'Activation';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<ActivationConfig> = { activation: givenActivation };

  override call(x: SymbolicTensor): SymbolicTensor {
    return this.options.activation.apply(x);
  }
}

/**
 * A layer that applies an activation, by name or as a function of ops.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an unknown name or bad options.
 */
export function activation(of: ActivationIdentifier, options?: LayerOptions): Activation;
export function activation(config: ActivationConfig): Activation;
export function activation(...given: unknown[]): Activation {
  return new Activation(...(given as Given));
}
