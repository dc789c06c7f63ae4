/** Layers that merge several tensors. */
export * from './add.js';
export * from './concatenate.js';
