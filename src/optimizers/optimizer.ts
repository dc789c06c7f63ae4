/**
 * What an optimizer is: a formula with its parameters, and a learning rate that may change.
 *
 * One step clips, decays weights (all of them, biases too), then updates.
 */
import { number } from '../core/check.js';
import { RidgelineError } from '../errors.js';
import { guard, type NativeOptimizer, native } from '../native.js';

/** Options every optimizer takes. */
export interface OptimizerOptions {
  /** Step size; may be changed between batches by assigning `optimizer.learningRate`. */
  readonly learningRate?: number | undefined;
  /** Share of every weight that is taken away each step, times the learning rate. Default none. */
  readonly weightDecay?: number | null | undefined;
  /** Bound of the norm of each weight's gradient. */
  readonly clipNorm?: number | null | undefined;
  /** Bound of each element of the gradients. */
  readonly clipValue?: number | null | undefined;
  /** Bound of the norm of all gradients together. */
  readonly globalClipNorm?: number | null | undefined;
}

/** The names in {@link OptimizerOptions}. */
export const COMMON = ['learningRate', 'weightDecay', 'clipNorm', 'clipValue', 'globalClipNorm'] as const;

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

/** A finite number ≥ 0. */
export function positive(argument: string, value: unknown): number {
  return number(argument, value, 'a finite number ≥ 0', (n) => n >= 0);
}
