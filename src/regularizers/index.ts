/** Penalties on weights and activities. */
export * from './factories.js';
export type { RegularizerIdentifier } from './identifier.js';
export type { Regularizer } from './regularizer.js';
