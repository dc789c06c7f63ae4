/**
 * Activation functions, with Keras 3's definitions and defaults.
 */
export * from './activation.js';
