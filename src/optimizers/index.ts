/**
 * Optimizers, with Keras 3's formulas and defaults.
 */
export type { OptimizerIdentifier } from './identifier.js';
export { Optimizer, type OptimizerOptions } from './optimizer.js';
export {
  type AdamOptions,
  adam,
  adamW,
  type RMSpropOptions,
  rmsprop,
  type SGDOptions,
  sgd,
} from './rules.js';
