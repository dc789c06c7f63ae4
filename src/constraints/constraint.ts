/**
 * What a constraint is: a projection of a weight, by name and options, which the native core applies after each step; or
 * one of one's own, a class whose `call` is made of ops, or a function.
 */
import { nameOfClass } from '../core/names.js';
import { type OptionTable, type Settled, save, settle } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Projection } from '../core/weight.js';

/** A projection of a weight after each step, with the options `C`; `A` are the constructor's arguments. */
export abstract class Constraint<C extends object = object, A extends unknown[] = [options?: C]>
  implements Projection
{
  /** Name in options, in saved models and in the native core. */
  static readonly constraintName: string;
  /** The options it takes. */
  static readonly options: OptionTable = {};

  /** Checked options, with defaults filled in. */
  readonly options: Settled<C>;
  readonly #name: string;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: A) {
    this.#name = nameOfClass(new.target, 'constraintName', this.call !== undefined);
    this.options = settle(this.#name, new.target.options, given);
  }

  /**
   * Whether it can be applied to the weight at `path`, of this shape. Default: to any.
   * @throws {RidgelineError} `ERR_ARGUMENT` if it cannot.
   */
  checkShape(_path: string, _shape: readonly number[]): void {}

  /** In a class of one's own: what a weight becomes, of the same shape. It is traced once for each. */
  call?(weight: SymbolicTensor): SymbolicTensor;

  /** Name and options: what the native core applies, and how to make an equal one; `undefined` for a function. */
  getConfig(): ({ readonly name: string } & Record<string, unknown>) | undefined {
    const { options: table } = this.constructor as typeof Constraint;
    return { name: this.#name, ...save(table, this.options) };
  }
}

/** A function of ops from a weight to what it becomes. */
export type ConstraintFunction = (weight: SymbolicTensor) => SymbolicTensor;

/** A function as a constraint. */
export class FunctionConstraint extends Constraint {
  static override readonly constraintName: string = 'function';
  /** The function. */
  readonly source: ConstraintFunction;

  constructor(source: ConstraintFunction) {
    super();
    this.source = source;
  }

  override call(weight: SymbolicTensor): SymbolicTensor {
    return this.source(weight);
  }

  override getConfig(): undefined {
    return undefined;
  }
}
