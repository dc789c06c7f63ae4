/** Layers that merge several tensors. */
export * from './add.js';
export * from './average.js';
export * from './concatenate.js';
export * from './dot.js';
export * from './maximum.js';
export type { Merge } from './merge.js';
export * from './minimum.js';
export * from './multiply.js';
export * from './subtract.js';
