/** Layers that change the shape alone. */
export * from './flatten.js';
export * from './reshape.js';
