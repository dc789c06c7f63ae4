/**
 * Constraints by name and by config.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, Registry } from '../core/registry.js';
import { Constraint } from './constraint.js';
import * as constraints from './factories.js';

/** A constraint, its name, or its config. */
export type ConstraintIdentifier =
  | Constraint
  | Name<FactoryName<typeof constraints>>
  | ({ readonly name: string } & Record<string, unknown>);

const registry = new Registry<Constraint>({
  noun: 'constraint',
  expected: 'a constraint or its name',
  factories: factoriesOf(constraints),
  isReady: (of) => of instanceof Constraint,
});

/** The constraint that an option stands for, if any. */
export function getConstraint(
  argument: string,
  of: ConstraintIdentifier | undefined | null,
): Constraint | undefined {
  return of === undefined || of === null ? undefined : registry.get(argument, of);
}
