/** Projections of weights after each step. */
export { Constraint } from './constraint.js';
export * from './factories.js';
export type { ConstraintIdentifier } from './identifier.js';
