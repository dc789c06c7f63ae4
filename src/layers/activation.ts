/**
 * Layers that apply an activation: Activation, ReLU, LeakyReLU, ELU, Softmax.
 */
import { type ActivationIdentifier, getActivation, type NamedActivation } from '../activations/identifier.js';
import * as activations from '../activations/index.js';
import { options as checkOptions, integer, nonNegative, number } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { LAYER_OPTIONS, Layer, type LayerOptions, merge } from './layer.js';

/** Config of {@link Activation}. */
export interface ActivationConfig extends LayerOptions {
  /** Name of the activation, or a function of ops. */
  readonly activation: ActivationIdentifier;
}

/** Applies an activation. */
export class Activation extends Layer {
  static override readonly className: string = 'Activation';
  readonly activation: NamedActivation;

  constructor(given: ActivationConfig) {
    super(given);
    const config = checkOptions('activation', given, [...LAYER_OPTIONS, 'activation']);
    if (config.activation == null)
      throw argumentError('activation', 'a name or a function of ops', config.activation);
    this.activation = getActivation('activation', config.activation);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return this.activation.apply(x);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), activation: this.activation.name };
  }
}

/** Applies an activation, by name or as a function of ops. */
export function activation(of: ActivationIdentifier | ActivationConfig, options?: LayerOptions): Activation {
  return new Activation(merge<ActivationConfig>({ activation: of }, options));
}

/** Options of {@link ReLU}. */
export interface ReLUOptions extends LayerOptions {
  /** Bound of the output. Default none. */
  readonly maxValue?: number | null | undefined;
  /** Slope below the threshold. Default 0. */
  readonly negativeSlope?: number | undefined;
  /** Where the output begins to follow the input. Default 0. */
  readonly threshold?: number | undefined;
}

/** `max(x, 0)`, bounded and sloped by options. */
export class ReLU extends Layer {
  static override readonly className: string = 'ReLU';
  readonly #options: { maxValue?: number; negativeSlope: number; threshold: number };

  constructor(config: ReLUOptions = {}) {
    super(config);
    checkOptions('relu', config, [...LAYER_OPTIONS, 'maxValue', 'negativeSlope', 'threshold']);
    const { maxValue, negativeSlope = 0, threshold = 0 } = config;
    this.#options = {
      ...(maxValue == null ? {} : { maxValue: nonNegative('maxValue', maxValue) }),
      negativeSlope: nonNegative('negativeSlope', negativeSlope),
      threshold: nonNegative('threshold', threshold),
    };
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.relu(x, this.#options);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#options };
  }
}

/** A ReLU layer. */
export const relu = (options?: ReLUOptions): ReLU => new ReLU(options);

/** Options of {@link LeakyReLU}. */
export interface LeakyReLUOptions extends LayerOptions {
  /** Slope below 0. Default 0.3 (the activation's own default is 0.2, as in Keras). */
  readonly negativeSlope?: number | undefined;
}

/** `x` above 0, `negativeSlope·x` below. */
export class LeakyReLU extends Layer {
  static override readonly className: string = 'LeakyReLU';
  readonly negativeSlope: number;

  constructor(config: LeakyReLUOptions = {}) {
    super(config);
    checkOptions('leakyRelu', config, [...LAYER_OPTIONS, 'negativeSlope']);
    this.negativeSlope = nonNegative('negativeSlope', config.negativeSlope ?? 0.3);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), negativeSlope: this.negativeSlope };
  }
}

/** A leaky ReLU layer. */
export const leakyRelu = (options?: LeakyReLUOptions): LeakyReLU => new LeakyReLU(options);

/** Options of {@link ELU}. */
export interface ELUOptions extends LayerOptions {
  /** Scale below 0. Default 1. */
  readonly alpha?: number | undefined;
}

/** `x` above 0, `alpha·(eˣ − 1)` below. */
export class ELU extends Layer {
  static override readonly className: string = 'ELU';
  readonly alpha: number;

  constructor(config: ELUOptions = {}) {
    super(config);
    checkOptions('elu', config, [...LAYER_OPTIONS, 'alpha']);
    this.alpha = number('alpha', config.alpha ?? 1);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.elu(x, { alpha: this.alpha });
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), alpha: this.alpha };
  }
}

/** An ELU layer. */
export const elu = (options?: ELUOptions): ELU => new ELU(options);

/** Options of {@link Softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** Axis of the probabilities. Default −1. */
  readonly axis?: number | undefined;
}

/** `eˣ / Σeˣ` along an axis. */
export class Softmax extends Layer {
  static override readonly className: string = 'Softmax';
  readonly axis: number;

  constructor(config: SoftmaxOptions = {}) {
    super(config);
    checkOptions('softmax', config, [...LAYER_OPTIONS, 'axis']);
    this.axis = integer('axis', config.axis ?? -1, Number.MIN_SAFE_INTEGER);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.softmax(x, this.axis);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}

/** A softmax layer. */
export const softmax = (options?: SoftmaxOptions): Softmax => new Softmax(options);
