/**
 * SGD, RMSprop, Adam and AdamW with Keras 3's formulas and defaults. Adam's epsilon is outside the root and
 * unscaled.
 */
import { boolean, options as checkOptions, number } from '../core/check.js';
import { COMMON, Optimizer, type OptimizerOptions, positive } from './optimizer.js';

function share(argument: string, value: unknown): number {
  return number(argument, value, 'in [0, 1)', (n) => n >= 0 && n < 1);
}

/** Options of {@link sgd}. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last step that is kept, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** Looks ahead along the momentum. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** Stochastic gradient descent. Default learning rate 0.01. */
export function sgd(options: SGDOptions = {}): Optimizer {
  const { momentum = 0, nesterov = false } = checkOptions('sgd', options, [
    ...COMMON,
    'momentum',
    'nesterov',
  ]);
  return new Optimizer(
    'sgd',
    options,
    { momentum: share('momentum', momentum), nesterov: boolean('nesterov', nesterov) },
    0.01,
  );
}

/** Options of {@link rmsprop}. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the mean square. Default 0.9. */
  readonly rho?: number | undefined;
  /** Momentum of the scaled gradient. Default 0. */
  readonly momentum?: number | undefined;
  /** Added under the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Subtracts the mean gradient. Default false. */
  readonly centered?: boolean | undefined;
}

/** RMSprop (Hinton 2012). Default learning rate 0.001. */
export function rmsprop(options: RMSpropOptions = {}): Optimizer {
  const given = checkOptions('rmsprop', options, [...COMMON, 'rho', 'momentum', 'epsilon', 'centered']);
  const { rho = 0.9, momentum = 0, epsilon = 1e-7, centered = false } = given;
  const own = {
    rho: share('rho', rho),
    momentum: share('momentum', momentum),
    epsilon: positive('epsilon', epsilon),
    centered: boolean('centered', centered),
  };
  return new Optimizer('rmsprop', options, own, 0.001);
}

/** Options of {@link adam} and {@link adamW}. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number | undefined;
  /** Added to the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
  /** Keeps the largest second moment (Reddi et al. 2018). Default false. */
  readonly amsgrad?: boolean | undefined;
}

function adaptive(name: 'adam' | 'adamW', options: AdamOptions, defaults: OptimizerOptions): Optimizer {
  const given = checkOptions(name, options, [...COMMON, 'beta1', 'beta2', 'epsilon', 'amsgrad']);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, amsgrad = false } = given;
  const own = {
    beta1: share('beta1', beta1),
    beta2: share('beta2', beta2),
    epsilon: positive('epsilon', epsilon),
    amsgrad: boolean('amsgrad', amsgrad),
  };
  return new Optimizer(name, { ...defaults, ...options }, own, 0.001);
}

/** Adam (Kingma & Ba 2015). Default learning rate 0.001. */
export const adam = (options: AdamOptions = {}): Optimizer => adaptive('adam', options, {});
/** Adam with decoupled weight decay (Loshchilov & Hutter 2019). Default learning rate 0.001, weight decay 0.004. */
export const adamW = (options: AdamOptions = {}): Optimizer =>
  adaptive('adamW', options, { weightDecay: 0.004 });
