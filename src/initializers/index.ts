/**
 * Initial values of weights, by Keras' formulas.
 */
export type { InitializerIdentifier } from './identifier.js';
export * from './initializer.js';
