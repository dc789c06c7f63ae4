/**
 * Losses: what training makes small, one value a sample, with Keras' formulas.
 */
export {
  binaryCrossentropy,
  type CrossentropyOptions,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './crossentropy.js';
export { meanAbsoluteError, meanSquaredError } from './difference.js';
export type { LossIdentifier } from './identifier.js';
export type { Loss } from './loss.js';
