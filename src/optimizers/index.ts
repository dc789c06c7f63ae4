/**
 * Optimizers: SGD, RMSprop, Adam and AdamW with Keras 3's formulas and defaults.
 *
 * One step clips, decays weights (all of them, biases too), then updates. Adam's epsilon is outside the root
 * and unscaled.
 */
import { boolean, camel, options as checkOptions, type Name, number, unknownName } from '../core/check.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeOptimizer, native } from '../native.js';

/** Options every optimizer takes. */
export interface OptimizerOptions {
  /** Step size; may be changed between batches by assigning `optimizer.learningRate`. */
  readonly learningRate?: number;
  /** Share of every weight that is taken away each step, times the learning rate. Default none. */
  readonly weightDecay?: number | null;
  /** Bound of the norm of each weight's gradient. */
  readonly clipNorm?: number | null;
  /** Bound of each element of the gradients. */
  readonly clipValue?: number | null;
  /** Bound of the norm of all gradients together. */
  readonly globalClipNorm?: number | null;
}

const COMMON = ['learningRate', 'weightDecay', 'clipNorm', 'clipValue', 'globalClipNorm'] as const;

/** An optimizer: a formula with its parameters. Its state belongs to the model that is compiled with it. */
export class Optimizer {
  /** Name of the formula. */
  readonly name: string;
  #learningRate: number;
  readonly #parameters: Record<string, unknown>;
  /** @internal */
  readonly native: NativeOptimizer;

  /** @hidden Use the factories. */
  constructor(name: string, options: OptimizerOptions, own: Record<string, unknown>, defaultRate: number) {
    this.name = name;
    this.#learningRate = positive('learningRate', options.learningRate ?? defaultRate);
    const bounds = ['clipNorm', 'clipValue', 'globalClipNorm'] as const;
    const set = bounds.filter((bound) => options[bound] != null);
    if (set.length > 1) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `at most one of clipNorm, clipValue and globalClipNorm may be set, received ${set.join(' and ')}`,
        {
          argument: set[1] as string,
        },
      );
    }
    for (const bound of set) number(bound, options[bound], 'a number > 0', (n) => n > 0);
    if (options.weightDecay != null)
      number('weightDecay', options.weightDecay, 'a finite number ≥ 0', (n) => n >= 0);
    this.#parameters = {
      ...own,
      weightDecay: options.weightDecay ?? null,
      clipNorm: options.clipNorm ?? null,
      clipValue: options.clipValue ?? null,
      globalClipNorm: options.globalClipNorm ?? null,
    };
    this.native = guard(() => new native.NativeOptimizer(JSON.stringify({ name, ...this.#parameters })));
  }

  /** Step size; a change takes effect with the next batch. */
  get learningRate(): number {
    return this.#learningRate;
  }
  set learningRate(value: number) {
    this.#learningRate = positive('learningRate', value);
  }

  /** Parameters that make an equal optimizer. */
  getConfig(): Record<string, unknown> {
    const set = Object.entries(this.#parameters).filter(([, value]) => value !== null);
    return { learningRate: this.#learningRate, ...Object.fromEntries(set) };
  }
}

function positive(argument: string, value: unknown): number {
  return number(argument, value, 'a finite number ≥ 0', (n) => n >= 0);
}

function share(argument: string, value: unknown): number {
  return number(argument, value, 'in [0, 1)', (n) => n >= 0 && n < 1);
}

/** Options of {@link sgd}. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last step that is kept, in [0, 1). Default 0. */
  readonly momentum?: number;
  /** Looks ahead along the momentum. Default false. */
  readonly nesterov?: boolean;
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
  readonly rho?: number;
  /** Momentum of the scaled gradient. Default 0. */
  readonly momentum?: number;
  /** Added under the root. Default 1e-7. */
  readonly epsilon?: number;
  /** Subtracts the mean gradient. Default false. */
  readonly centered?: boolean;
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
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root. Default 1e-7. */
  readonly epsilon?: number;
  /** Keeps the largest second moment (Reddi et al. 2018). Default false. */
  readonly amsgrad?: boolean;
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

const FACTORIES = { sgd, rmsprop, adam, adamW } as const;

/** An optimizer, or its name. */
export type OptimizerIdentifier = Optimizer | Name<keyof typeof FACTORIES> | 'adamw';

/** @internal The optimizer that an option stands for. */
export function getOptimizer(
  argument: string,
  of: OptimizerIdentifier,
  config?: Record<string, unknown>,
): Optimizer {
  if (of instanceof Optimizer) return of;
  if (typeof of !== 'string') throw argumentError(argument, 'an optimizer or its name', of);
  const name = of === 'adamw' || of === 'adam_w' ? 'adamW' : camel(of);
  if (!Object.hasOwn(FACTORIES, name)) throw unknownName(argument, Object.keys(FACTORIES), of);
  return (FACTORIES[name as keyof typeof FACTORIES] as (o?: object) => Optimizer)(config);
}
