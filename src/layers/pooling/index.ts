/** Pooling. */
export * from './global-average-pooling-1d.js';
export * from './global-max-pooling-1d.js';
export type { DataFormat, GlobalPoolingOptions } from './pooling.js';
