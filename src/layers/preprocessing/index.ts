/** Layers that bring data into range. */
export * from './category-encoding.js';
export * from './discretization.js';
export type { Encoding } from './encoding.js';
export * from './normalization.js';
export * from './rescaling.js';
