/**
 * Constraints by name and by config.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, Registry } from '../core/registry.js';
import { Constraint, type ConstraintFunction, FunctionConstraint } from './constraint.js';
import * as constraints from './factories.js';

/** A constraint, its name, its config, or a function of ops from a weight to what it becomes. */
export type ConstraintIdentifier =
  | Constraint
  | Name<FactoryName<typeof constraints>>
  | ({ readonly name: string } & Record<string, unknown>)
  | ConstraintFunction;

const registry = new Registry<Constraint>({
  noun: 'constraint',
  expected: 'a constraint, its name or a function of ops',
  factories: factoriesOf(constraints),
  isReady: (of) => of instanceof Constraint,
  adapt: (of: ConstraintFunction) => new FunctionConstraint(of),
});

/** The constraint that an option stands for, if any. */
export function getConstraint(
  argument: string,
  of: ConstraintIdentifier | undefined | null,
): Constraint | undefined {
  return of === undefined || of === null ? undefined : registry.get(argument, of);
}
