/** Pooling. */
export * from './global-average-pooling-1d.js';
export * from './global-max-pooling-1d.js';
export type { DataFormat, GlobalPooling1D, GlobalPoolingOptions } from './pooling.js';
