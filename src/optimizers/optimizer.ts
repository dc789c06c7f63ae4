/**
 * What an optimizer is: a formula with its options, and a learning rate that may change.
 *
 * One step clips the gradients, decays the weights (all of them, biases too), then updates them. The formulas run in
 * the native core.
 */
import * as check from '../core/check.js';
import { nameOfClass } from '../core/names.js';
import {
  boolean,
  fraction,
  integer,
  nonNegative,
  type OptionTable,
  positional,
  positive,
  type Settled,
  save,
  settle,
  type Table,
} from '../core/options.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeCounters, type NativeOptimizer, native } from '../native.js';
import { checkGroups, groups, type OptimizerGroup, optimizerOf } from './groups.js';
import type { OwnUpdate, StateShapes, UpdateArguments, Updated } from './own-update.js';
import { type LearningRate, type LearningRateOption, learningRate } from './schedules/identifier.js';
import { checkPatterns, excluded, isExcluded, type WeightPattern } from './weight-decay.js';

/** Options every optimizer takes. */
export interface OptimizerOptions {
  /**
   * Step size, or a schedule or function of ops that gives that of every step; may be changed between batches by assigning
   * `optimizer.learningRate`.
   */
  readonly learningRate?: LearningRateOption | undefined;
  /** Share of every weight that is taken away each step, times the learning rate. Default none. */
  readonly weightDecay?: number | null | undefined;
  /** Bound of the norm of each weight's gradient. At most one of the three bounds may be set. */
  readonly clipNorm?: number | null | undefined;
  /** Bound of each element of the gradients. */
  readonly clipValue?: number | null | undefined;
  /** Bound of the norm of all gradients together. */
  readonly globalClipNorm?: number | null | undefined;
  /**
   * Batches whose gradients are averaged for one update, at least 2. Bounds apply to the average; weight decay and
   * update happen on the last of the batches. Default none: an update for each batch.
   */
  readonly gradientAccumulationSteps?: number | null | undefined;
  /** Weights that `weightDecay` leaves alone, such as `['bias', 'gamma', /norm/]`. Default none. */
  readonly excludeFromWeightDecay?: readonly WeightPattern[] | undefined;
  /**
   * Keeps moving averages of the weights, which take their place when `fit` ends, before its callbacks hear of the end.
   * With `gradientAccumulationSteps` they move at every batch, as in Keras. Default false.
   */
  readonly useEma?: boolean | undefined;
  /** Share of an average that stays at an update, in [0, 1]. Default 0.99. */
  readonly emaMomentum?: number | undefined;
  /** Updates after which the averages take the weights' place, again and again. Default none: at the end alone. */
  readonly emaOverwriteFrequency?: number | null | undefined;
  /**
   * Weights that other optimizers train: `[{ weights: ['head', /norm/], optimizer: optimizers.sgd({ learningRate: 0.1 }) }]`.
   * Not together with `gradientAccumulationSteps`. Default none.
   */
  readonly groups?: readonly OptimizerGroup<Optimizer | string>[] | undefined;
}

/** What an optimizer takes: its learning rate by position and the other options behind it, or all in one object. */
export type OptimizerArguments<C extends OptimizerOptions = OptimizerOptions> =
  | [options?: C | undefined]
  | [learningRate: LearningRateOption, options?: Omit<C, 'learningRate'> | undefined];

/** The common options, to be spread into an optimizer's table. */
export const common = (rate: number): Table<OptimizerOptions> => ({
  learningRate: positional(learningRate(rate)),
  weightDecay: nonNegative(null),
  clipNorm: positive(null),
  clipValue: positive(null),
  globalClipNorm: positive(null),
  gradientAccumulationSteps: integer(2, null),
  excludeFromWeightDecay: excluded,
  useEma: boolean(false),
  emaMomentum: fraction(0.99),
  emaOverwriteFrequency: integer(1, null),
  groups: groups as never,
});

const BOUNDS = ['clipNorm', 'clipValue', 'globalClipNorm'] as const;

/**
 * An optimizer: a formula with its options. Its state belongs to the model that is compiled with it.
 *
 * A class of one's own says in `update` what becomes of a weight, as a function of ops, and in `state` what is kept for it.
 * All else, bounds, decay, penalties, accumulation, averages and constraints, is as for every optimizer.
 *
 * @example
 * ```ts
 * class Signum extends optimizers.Optimizer {
 *   static override readonly optimizerName = 'Signum';
 *   override state(shape: readonly number[]) {
 *     return { momentum: shape };
 *   }
 *   override update({ weight, gradient, state, learningRate }: optimizers.UpdateArguments) {
 *     const momentum = ops.add(ops.mul(state.momentum!, 0.9), ops.mul(gradient, 0.1));
 *     return { weight: ops.sub(weight, ops.mul(learningRate, ops.sign(momentum))), state: { momentum } };
 *   }
 * }
 * const model = new Sequential([input([2]), layers.dense(1)]);
 * model.compile({ optimizer: new Signum({ learningRate: 0.01 }), loss: 'mse' });
 * await model.fit([[1, 2]], [1], { verbose: 0 });
 * ```
 */
export abstract class Optimizer<C extends OptimizerOptions = OptimizerOptions> implements OwnUpdate {
  /** Name of the formula, in options, in saved models and in the native core. */
  static readonly optimizerName: string;
  /** The options it takes. Default: those that all take. */
  static readonly options: OptionTable = common(0.001);

  /** Name of the formula. */
  readonly name: string;
  /** Checked options, with defaults filled in; the current learning rate is {@link Optimizer.learningRate}. */
  readonly options: Settled<C>;
  /** Weights that other optimizers train. */
  readonly groups: readonly OptimizerGroup<Optimizer>[];
  #learningRate: LearningRate;
  /** @internal */
  readonly native: NativeOptimizer;
  /** @internal Where the training stands that it served last, if any. */
  counters: NativeCounters | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: OptimizerArguments<C>) {
    const { options: table } = new.target;
    const name = nameOfClass(new.target, 'optimizerName', this.update !== undefined);
    const options = settle<Settled<C & OptimizerOptions>>(name, table, given);
    const set = BOUNDS.filter((bound) => options[bound] !== undefined);
    if (set.length > 1) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `at most one of clipNorm, clipValue and globalClipNorm may be set, received ${set.join(' and ')}`,
        { argument: set[1] as string },
      );
    }
    this.groups = options.groups as never;
    if (this.groups.length > 0 && options.gradientAccumulationSteps !== undefined)
      throw argumentError('groups', 'left out where gradients accumulate', options.groups);
    this.name = name;
    this.options = options;
    this.#learningRate = options.learningRate as LearningRate;
    const rate = this.#learningRate;
    const [fixed, schedule] = typeof rate === 'number' ? [rate] : [0, rate.native];
    const formula = this.update ? {} : { name };
    const own = { ...options, learningRate: fixed, groups: [] };
    const config = JSON.stringify({ ...formula, ...save(table, own) });
    this.native = guard(() => new native.NativeOptimizer(config, schedule));
  }

  /**
   * In a class of one's own: what is kept for a weight of this shape from one update to the next, by name: the shape of a
   * tensor that is zero at first, or `'weight'` for one that begins as the weight.
   *
   * @param path - Path of the weight in its model, such as `dense/kernel`.
   */
  state?(shape: readonly number[], path: string): StateShapes;

  /** In a class of one's own: what becomes of a weight. It is traced once for each. */
  update?(of: UpdateArguments): Updated;

  /**
   * Step size; a change takes effect with the next batch.
   *
   * Where a schedule gives it, this is that of the next batch of the model that the optimizer trained last, and of the
   * first batch before it trained any. A number that is assigned takes the schedule's place for good, where Keras
   * raises.
   * @throws {RidgelineError} `ERR_ARGUMENT` unless it is a finite number ≥ 0.
   */
  get learningRate(): number {
    const rate = this.#learningRate;
    return typeof rate === 'number' ? rate : rate.at(this.counters?.read()[0] ?? 0);
  }
  set learningRate(value: number) {
    this.#learningRate = check.nonNegative('learningRate', value);
    this.native.assignRate(value);
  }

  /** @internal This one and those of its groups. */
  get parts(): Optimizer[] {
    return [this as never, ...this.groups.map(({ optimizer }) => optimizer)];
  }

  /** @internal Which of them trains a weight. */
  partOf(weight: Weight): Optimizer {
    return optimizerOf(this.groups, weight, this as never);
  }

  /** @internal @throws {RidgelineError} `ERR_ARGUMENT` for groups and patterns that mean none of the weights. */
  checkWeights(weights: readonly Weight[]): void {
    checkGroups(this.groups, weights);
    for (const { options } of this.parts) {
      const { excludeFromWeightDecay } = options as Settled<OptimizerOptions>;
      checkPatterns('excludeFromWeightDecay', excludeFromWeightDecay, weights);
    }
  }

  /** @internal Share of a weight that is taken away with every update, times the learning rate. */
  decayOf(weight: Weight): number {
    const { weightDecay, excludeFromWeightDecay } = this.options as Settled<OptimizerOptions>;
    return isExcluded(excludeFromWeightDecay, weight) ? 0 : (weightDecay ?? 0);
  }

  /** @internal The step size that serves for all steps, unless a schedule gives it. */
  get fixedLearningRate(): number | undefined {
    return typeof this.#learningRate === 'number' ? this.#learningRate : undefined;
  }

  /** Options that make an equal optimizer. */
  getConfig(): Record<string, unknown> {
    const { options: table } = this.constructor as typeof Optimizer;
    return save(table, { ...this.options, learningRate: this.#learningRate });
  }
}
