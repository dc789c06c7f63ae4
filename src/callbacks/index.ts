/** Callbacks. */
export { BackupAndRestore, type BackupAndRestoreOptions, backupAndRestore } from './backup-and-restore.js';
export { Callback, type CallbackLike } from './callback.js';
export { CSVLogger, type CSVLoggerOptions, csvLogger } from './csv-logger.js';
export { EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './early-stopping.js';
export { lambdaCallback } from './lambda-callback.js';
export {
  type EpochSchedule,
  LearningRateScheduler,
  learningRateScheduler,
} from './learning-rate-scheduler.js';
export type { Logs } from './logs.js';
export { ModelCheckpoint, type ModelCheckpointOptions, modelCheckpoint } from './model-checkpoint.js';
export type { MonitorOptions } from './monitor.js';
export { ProgressBar, progressBar } from './progress-bar.js';
export {
  ReduceLROnPlateau,
  type ReduceLROnPlateauOptions,
  reduceLROnPlateau,
} from './reduce-lr-on-plateau.js';
export { SwapEmaWeights, type SwapEmaWeightsOptions, swapEmaWeights } from './swap-ema-weights.js';
export { TensorBoard, type TensorBoardOptions, tensorBoard } from './tensor-board.js';
export { TerminateOnNaN, type TerminateOnNaNOptions, terminateOnNaN } from './terminate-on-nan.js';
export type { TrainedModel } from './trained-model.js';
