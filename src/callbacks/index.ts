/** Callbacks. */
export { Callback, type CallbackLike } from './callback.js';
export { EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './early-stopping.js';
export type { Logs } from './logs.js';
export { ProgressBar, progressBar } from './progress-bar.js';
export { TerminateOnNaN, terminateOnNaN } from './terminate-on-nan.js';
export type { TrainedModel } from './trained-model.js';
