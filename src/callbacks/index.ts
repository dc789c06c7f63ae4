/** Callbacks. */
export { Callback, type CallbackLike, type Logs } from './callback.js';
export { EarlyStopping, type EarlyStoppingOptions, earlyStopping } from './early-stopping.js';
export { ProgressBar, progressBar } from './progress-bar.js';
export { TerminateOnNaN, terminateOnNaN } from './terminate-on-nan.js';
