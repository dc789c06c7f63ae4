/**
 * Dense: `activation(x·W + b)` over the last axis.
 */
import type { ActivationIdentifier } from '../../activations/identifier.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import {
  activation,
  type BiasOptions,
  boolean,
  integer,
  type KernelOptions,
  type LayerOptions,
  type Table,
  weight,
} from '../options.js';

/** Options of {@link Dense}. */
export interface DenseOptions extends LayerOptions, KernelOptions, BiasOptions {
  /** Activation. Default linear. */
  readonly activation?: ActivationIdentifier | undefined;
  /** Adds a bias. Default true. */
  readonly useBias?: boolean | undefined;
}

/** Config of {@link Dense}. */
export interface DenseConfig extends DenseOptions {
  /** Size of the last axis of the output. */
  readonly units: number;
}

type Given = [units: number, options?: DenseOptions] | [config: DenseConfig];

/** `activation(x·W + b)`: input `[…, in]`, kernel `[in, units]`, bias `[units]`, output `[…, units]`. */
export class Dense extends Layer<DenseConfig, Given> {
  static override readonly className: string = 'Dense';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<DenseConfig> = {
    units: integer(1),
    activation: activation(),
    useBias: boolean(true),
    kernel: weight('glorotUniform'),
    bias: weight('zeros'),
  };
  #kernel!: Weight;
  #bias: Weight | undefined;

  override build(inputShape: Shape): void {
    const { units, useBias, kernel, bias } = this.options;
    this.#kernel = this.addWeight('kernel', { shape: [inputShape.at(-1) ?? null, units], ...kernel });
    if (useBias) this.#bias = this.addWeight('bias', { shape: [units], ...bias });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return this.options.activation.apply(ops.linear(x, this.#kernel, this.#bias));
  }
}

/**
 * A dense layer.
 *
 * @param units - Size of the last axis of the output.
 * @example
 * ```ts
 * layers.dense(64, { activation: 'relu', kernelRegularizer: regularizers.l2(0.001) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function dense(units: number, options?: DenseOptions): Dense;
export function dense(config: DenseConfig): Dense;
export function dense(...given: unknown[]): Dense {
  return new Dense(...(given as Given));
}
