/** Layers that are noise while training and nothing after it, and penalties. */
export * from './activity-regularization.js';
export * from './alpha-dropout.js';
export * from './dropout.js';
export * from './gaussian-dropout.js';
export * from './gaussian-noise.js';
export * from './spatial-dropout.js';
