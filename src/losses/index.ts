/**
 * Losses: what training makes small, one value a sample, with Keras' formulas.
 */
export * from './factories.js';
export type { LossFunction, LossIdentifier } from './identifier.js';
export type { Loss, LossFactory } from './loss.js';
