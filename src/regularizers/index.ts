/** Penalties on weights and activities. */
export type { RegularizerIdentifier } from './identifier.js';
export * from './l1-l2.js';
export type { Regularizer } from './regularizer.js';
