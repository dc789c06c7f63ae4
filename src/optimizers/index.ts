/**
 * Optimizers, with Keras 3's formulas and defaults.
 */
export * from './adam.js';
export type { OptimizerIdentifier } from './identifier.js';
export { Optimizer, type OptimizerOptions } from './optimizer.js';
export * from './rmsprop.js';
export * from './sgd.js';
