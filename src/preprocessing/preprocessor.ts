/**
 * What a preprocessor is: a step from what users have, such as strings, to tensors that models take. It stands outside the
 * graph, which knows numbers alone, and is saved beside it.
 */
import { type OptionTable, type Settled, save, settle } from '../core/options.js';

/** A step before a model, whatever its options are. */
export interface Step {
  /** What becomes of data, nested arrays. */
  call(data: unknown): unknown;
  /** Options that make an equal one. */
  getConfig(): Record<string, unknown>;
}

/** A step before a model, with the options `C`; `A` are the constructor's arguments. */
export abstract class Preprocessor<C extends object = object, A extends unknown[] = [options?: C]>
  implements Step
{
  /** Name in saved models. */
  static readonly className: string;
  /** The options it takes. */
  static readonly options: OptionTable = {};

  /** Checked options, with defaults filled in. */
  readonly options: Settled<C>;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: A) {
    const { className, options: table } = new.target;
    this.options = settle(className, table, given);
  }

  /** What becomes of data, nested arrays. */
  abstract call(data: unknown): unknown;

  /** Options that make an equal one. */
  getConfig(): Record<string, unknown> {
    const { options: table } = this.constructor as typeof Preprocessor;
    return save(table, this.options);
  }
}
