/**
 * Dense: `activation(x·W + b)` over the last axis.
 */
import { type ActivationIdentifier, getActivation, type NamedActivation } from '../activations/identifier.js';
import { boolean, options as checkOptions, integer } from '../core/check.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import type { Weight } from '../core/weight.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Initializer } from '../initializers/initializer.js';
import * as ops from '../ops/index.js';
import {
  getRegularizer,
  type Regularizer,
  type RegularizerIdentifier,
  regularizerConfig,
} from '../regularizers/regularizer.js';
import { LAYER_OPTIONS, Layer, type LayerOptions, merge } from './layer.js';

/** Options of {@link Dense}. */
export interface DenseOptions extends LayerOptions {
  /** Activation. Default linear. */
  readonly activation?: ActivationIdentifier | undefined;
  /** Adds a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Initial kernel `[in, units]`. Default `glorotUniform`. */
  readonly kernelInitializer?: InitializerIdentifier | undefined;
  /** Initial bias `[units]`. Default `zeros`. */
  readonly biasInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the kernel. */
  readonly kernelRegularizer?: RegularizerIdentifier | undefined;
  /** Penalty on the bias. */
  readonly biasRegularizer?: RegularizerIdentifier | undefined;
  /** Penalty on the output, divided by the batch size. */
  readonly activityRegularizer?: RegularizerIdentifier | undefined;
}

/** Config of {@link Dense}. */
export interface DenseConfig extends DenseOptions {
  /** Size of the last axis of the output. */
  readonly units: number;
}

const OPTIONS = [
  ...LAYER_OPTIONS,
  'units',
  'activation',
  'useBias',
  'kernelInitializer',
  'biasInitializer',
  'kernelRegularizer',
  'biasRegularizer',
  'activityRegularizer',
] as const;

/** `activation(x·W + b)`: input `[…, in]`, output `[…, units]`. */
export class Dense extends Layer {
  static override readonly className: string = 'Dense';
  readonly units: number;
  readonly activation: NamedActivation;
  readonly useBias: boolean;
  #initializers: [Initializer, Initializer];
  #regularizers: [Regularizer | undefined, Regularizer | undefined];
  #kernel!: Weight;
  #bias: Weight | undefined;

  constructor(given: DenseConfig) {
    super(given);
    const config = checkOptions('dense', given, OPTIONS);
    this.units = integer('units', config.units, 1);
    this.activation = getActivation('activation', config.activation);
    this.useBias = config.useBias === undefined ? true : boolean('useBias', config.useBias);
    this.#initializers = [
      getInitializer('kernelInitializer', config.kernelInitializer ?? 'glorotUniform'),
      getInitializer('biasInitializer', config.biasInitializer ?? 'zeros'),
    ];
    this.#regularizers = [
      getRegularizer('kernelRegularizer', config.kernelRegularizer),
      getRegularizer('biasRegularizer', config.biasRegularizer),
    ];
    this.activityRegularizer = getRegularizer('activityRegularizer', config.activityRegularizer);
  }

  override build(inputShape: Shape): void {
    const features = inputShape.at(-1) ?? null;
    const [kernel, bias] = this.#initializers;
    this.#kernel = this.addWeight('kernel', {
      shape: [features, this.units],
      initializer: kernel,
      regularizer: this.#regularizers[0],
    });
    if (this.useBias) {
      this.#bias = this.addWeight('bias', {
        shape: [this.units],
        initializer: bias,
        regularizer: this.#regularizers[1],
      });
    }
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return this.activation.apply(ops.linear(x, this.#kernel, this.#bias));
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      units: this.units,
      activation: this.activation.name,
      useBias: this.useBias,
      kernelInitializer: this.#initializers[0].getConfig(),
      biasInitializer: this.#initializers[1].getConfig(),
      kernelRegularizer: regularizerConfig('kernelRegularizer', this.#regularizers[0]),
      biasRegularizer: regularizerConfig('biasRegularizer', this.#regularizers[1]),
      activityRegularizer: regularizerConfig('activityRegularizer', this.activityRegularizer),
    };
  }
}

/**
 * A dense layer.
 *
 * @example
 * ```ts
 * layers.dense(64, { activation: 'relu', kernelRegularizer: regularizers.l2(0.001) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function dense(units: number, options?: DenseOptions): Dense;
export function dense(config: DenseConfig): Dense;
export function dense(units: number | DenseConfig, options?: DenseOptions): Dense {
  return new Dense(merge<DenseConfig>({ units }, options));
}
