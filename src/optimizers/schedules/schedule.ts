/**
 * What a schedule is: a learning rate as a function of the step.
 *
 * A step is a batch. Where gradients accumulate, each of them counts, also those without an update, as in Keras. The
 * formulas run in the native core, before every step.
 */
import { integer } from '../../core/check.js';
import { type OptionTable, type Settled, save, settle } from '../../core/options.js';
import { guard, type NativeSchedule, native } from '../../native.js';

/** A formula with its options; the same one may serve many optimizers. */
export abstract class LearningRateSchedule<C = object> {
  /** Name of the formula, in options, in saved models and in the native core. */
  static readonly scheduleName: string;
  /** The options it takes. */
  static readonly options: OptionTable;

  /** Name of the formula. */
  readonly name: string;
  /** Checked options, with defaults filled in. */
  readonly options: Settled<C>;
  #native: NativeSchedule | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: [options: C]) {
    const { scheduleName: name, options: table } = new.target;
    this.name = name;
    this.options = settle<Settled<C>>(name, table, given);
    // At once, for what the native core finds wrong; a function is not there yet.
    if (this.getConfig()) void this.native;
  }

  /** @internal What the native core asks before every step. */
  get native(): NativeSchedule {
    this.#native ??= guard(() => this.create());
    return this.#native;
  }

  /** @internal Makes it. */
  protected create(): NativeSchedule {
    return new native.NativeSchedule(JSON.stringify(this.getConfig()));
  }

  /**
   * The learning rate of the step that `steps` others came before.
   * @throws {RidgelineError} `ERR_ARGUMENT` unless it is an integer ≥ 0.
   */
  at(steps: number): number {
    return this.native.at(integer('steps', steps, 0));
  }

  /** How to make an equal one; `undefined` for a function. */
  getConfig(): ({ readonly name: string } & Record<string, unknown>) | undefined {
    const { options: table } = this.constructor as typeof LearningRateSchedule;
    return { name: this.name, ...save(table, this.options) };
  }
}
