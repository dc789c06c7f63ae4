/**
 * Initializers by name and by config.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import * as initializers from './factories.js';
import { type Initializer, type InitializerFunction, ofFunction } from './initializer.js';

/** Keras' shorter names. */
const ALIASES = {
  uniform: 'randomUniform',
  normal: 'randomNormal',
  zero: 'zeros',
  one: 'ones',
  identityInitializer: 'identity',
  orthogonalInitializer: 'orthogonal',
} as const;

/** An initializer, its name, its config, or a function from the shape to the values. */
export type InitializerIdentifier =
  | Initializer
  | InitializerFunction
  | Name<FactoryName<typeof initializers>>
  | Name<keyof typeof ALIASES>
  | ({ readonly name: string } & Record<string, unknown>);

const registry = new Registry<Initializer>({
  noun: 'initializer',
  expected: 'an initializer, its name or a function',
  factories: factoriesOf(initializers),
  aliases: ALIASES,
  isReady: (of) => hasMethods(of, ['create', 'getConfig']),
  adapt: ofFunction,
});

/** The initializer that an option stands for. */
export const getInitializer = (argument: string, of: InitializerIdentifier): Initializer =>
  registry.get(argument, of);
