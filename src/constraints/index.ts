/** Projections of weights after each step. */
export { Constraint } from './constraint.js';
export type { ConstraintIdentifier } from './identifier.js';
export * from './max-norm.js';
export * from './non-neg.js';
