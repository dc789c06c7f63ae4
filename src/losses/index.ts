/**
 * Losses: what training makes small, one value a sample, with Keras' formulas.
 */
export * from './binary-crossentropy.js';
export * from './categorical-crossentropy.js';
export * from './difference.js';
export type { LossFunction, LossIdentifier } from './identifier.js';
export type { Loss, LossFactory } from './loss.js';
