/** Dense, activations, and inputs of models. */
export * from './activation.js';
export * from './dense.js';
export * from './input.js';
