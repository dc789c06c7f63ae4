/** Layers that bring data into range. */
export * from './normalization.js';
export * from './rescaling.js';
