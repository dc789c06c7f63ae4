/**
 * Initial values of weights, by Keras' formulas.
 */
export * from './factories.js';
export type { InitializerIdentifier } from './identifier.js';
export type { Initializer, InitializerFactory, InitializerFunction, SeedOption } from './initializer.js';
