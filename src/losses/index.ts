/**
 * Losses: what training makes small, one value a sample, with Keras' formulas.
 */

export type { CrossentropyOptions, LogitsOptions } from './crossentropy-options.js';
export * from './factories.js';
export type { LossFunction, LossIdentifier, OwnLoss } from './identifier.js';
export type { DefinedLoss, Loss, LossFactory, LossOptions, Reduction } from './loss.js';
