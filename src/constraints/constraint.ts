/**
 * What a constraint is: a projection of a weight, which the native core applies after each step.
 */
import { collect, type OptionTable, save, settle } from '../core/options.js';
import type { Projection } from '../core/weight.js';

/** A projection of a weight after each step. */
export interface Constraint extends Projection {
  /** Name and parameters: what the native core applies, and how to make an equal one. */
  getConfig(): { readonly name: string } & Record<string, unknown>;
}

/** A constraint called `name` with the options of `table`. */
export function defineConstraint<A extends unknown[]>(
  name: string,
  table: OptionTable,
): (...given: A) => Constraint {
  return (...given) => {
    const options = settle<object>(name, table, collect(`${name} options`, table, given));
    return { getConfig: () => ({ name, ...save(table, options) }) };
  };
}
