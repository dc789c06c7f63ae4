/** Layers that are noise while training and nothing after it. */
export * from './dropout.js';
