/**
 * What a schedule is: a learning rate as a function of the step.
 *
 * A step is a batch. Where gradients accumulate, each of them counts, also those without an update, as in Keras. The
 * formulas run in the native core, before every step; so does one of one's own, a class whose `call` is made of ops, or a
 * function.
 */
import { integer } from '../../core/check.js';
import { nameOfClass } from '../../core/names.js';
import { type OptionTable, type Settled, save, settle } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { alike, traced } from '../../core/traced.js';
import { within } from '../../errors.js';
import { guard, type NativeSchedule, native } from '../../native.js';

/** What a constructor takes: an object, which may be left out where all has a default. */
type Given<C> = object extends C ? [options?: C] : [options: C];

/** A formula with its options; the same one may serve many optimizers. */
export abstract class LearningRateSchedule<C = object> {
  /** Name of the formula, in options, in saved models and in the native core. Default that of the class. */
  static readonly scheduleName: string;
  /** The options it takes. */
  static readonly options: OptionTable = {};

  /** Name of the formula. */
  readonly name: string;
  /** Checked options, with defaults filled in. */
  readonly options: Settled<C>;
  #native: NativeSchedule | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: Given<C>) {
    this.name = nameOfClass(new.target, 'scheduleName', this.call !== undefined);
    this.options = settle<Settled<C>>(this.name, new.target.options, given);
    // At once, for what the native core finds wrong; what is of one's own is not whole yet.
    if (!this.call) void this.native;
  }

  /**
   * In a class of one's own: the learning rate of the step that so many others came before, both scalars. It is traced
   * once.
   */
  call?(step: SymbolicTensor): SymbolicTensor;

  /** @internal What the native core asks before every step. */
  get native(): NativeSchedule {
    this.#native ??= guard(() => this.create());
    return this.#native;
  }

  /** @internal Makes it. @throws {RidgelineError} `ERR_ARGUMENT` or `ERR_SHAPE` unless `call` gives a scalar of ops. */
  create(): NativeSchedule {
    if (!this.call) return new native.NativeSchedule(JSON.stringify(this.getConfig()));
    const rate = this.call.bind(this);
    const of = within(`learningRate, ${this.name}`, () =>
      traced('learningRate', [['step', []]], ([step]) => [
        alike('the rate', rate(step as SymbolicTensor), []),
      ]),
    );
    return native.NativeSchedule.traced(of);
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
