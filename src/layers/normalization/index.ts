/** Layers that give what passes them mean 0 and variance 1. */
export * from './batch-normalization.js';
export * from './group-normalization.js';
export * from './layer-normalization.js';
export * from './rms-normalization.js';
export * from './spectral-normalization.js';
export * from './unit-normalization.js';
