/**
 * Helpers that get data ready.
 */
export { tensor } from '../core/tensor.js';
export { toCategorical } from './categorical.js';
export {
  type Fold,
  type GroupKFoldOptions,
  groupKFold,
  type KFoldOptions,
  kFold,
  stratifiedKFold,
} from './folds.js';
export { type ShuffleOptions, shuffle, take } from './rows.js';
export { type Split, type SplitOptions, trainTestSplit } from './split.js';
