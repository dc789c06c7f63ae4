/** Layers that bring data into range and into numbers. */
export * from './category-encoding.js';
export * from './discretization.js';
export type { Encoding } from './encoding.js';
export * from './integer-lookup.js';
export * from './normalization.js';
export * from './rescaling.js';
