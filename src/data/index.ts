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
  type Marks,
  stratifiedKFold,
} from './folds.js';
export { type CodesOptions, Frame, type NumbersOptions } from './frame.js';
export { type ArrowTable, fromArrow } from './from-arrow.js';
export { type PaddedStep, type PadSequencesOptions, padSequences } from './pad-sequences.js';
export { type CsvOptions, readCsv } from './read-csv.js';
export { type ShuffleOptions, shuffle, take } from './rows.js';
export { type Split, type SplitOptions, trainTestSplit } from './split.js';
export {
  type TimeseriesDatasetOptions,
  timeseriesDataset,
  type WindowBatch,
  type Windows,
} from './timeseries-dataset.js';
