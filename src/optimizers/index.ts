/**
 * Optimizers, with Keras 3's formulas and defaults.
 */
export * from './factories.js';
export type { OptimizerGroup } from './groups.js';
export type { OptimizerIdentifier } from './identifier.js';
export { Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';
export type { StateShapes, UpdateArguments, Updated } from './own-update.js';
export * as schedules from './schedules/index.js';
