/**
 * Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019):
 * `m ← β₁·m + (1 − β₁)·g; v ← β₂·v + (1 − β₂)·g²; w ← w − lr·√(1 − β₂ᵗ)/(1 − β₁ᵗ)·m/(√v + ε)`.
 *
 * As in Keras, epsilon is outside the root and unscaled.
 */
import { boolean, nonNegative, nullable, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Keeps the largest second moment (Reddi et al. 2018). Default false. */
  readonly amsgrad?: boolean | undefined;
}

/** Adam. */
export class Adam extends Optimizer<AdamOptions> {
  static override readonly optimizerName: string = 'adam';
  static override readonly options: Table<AdamOptions> = {
    ...common(0.001),
    beta1: rate(0.9),
    beta2: rate(0.999),
    epsilon: nonNegative(1e-7),
    amsgrad: boolean(false),
  };
}

/** Adam with weight decay. */
export class AdamW extends Adam {
  static override readonly optimizerName: string = 'adamW';
  static override readonly options: Table<AdamOptions> = {
    ...Adam.options,
    weightDecay: nullable(nonNegative(0.004)),
  };
}

/**
 * Adam (Kingma & Ba 2015). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adam = (...given: OptimizerArguments<AdamOptions>): Adam => new Adam(...given);

/**
 * Adam with decoupled weight decay (Loshchilov & Hutter 2019). Default learning rate 0.001, weight decay 0.004;
 * `weightDecay: null` takes it off.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adamW = (...given: OptimizerArguments<AdamOptions>): AdamW => new AdamW(...given);
