/**
 * Initial values of weights, by Keras' formulas.
 */
export * from './fixed.js';
export type { InitializerIdentifier } from './identifier.js';
export type { Initializer, InitializerFactory, SeedOption } from './initializer.js';
export * from './orthogonal.js';
export * from './random.js';
export * from './variance-scaling.js';
