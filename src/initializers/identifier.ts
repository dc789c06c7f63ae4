/**
 * Initializers by name and by config.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import * as initializers from './factories.js';
import type { Initializer } from './initializer.js';

/** An initializer, its name, or its config. */
export type InitializerIdentifier =
  | Initializer
  | Name<FactoryName<typeof initializers>>
  | ({ readonly name: string } & Record<string, unknown>);

const registry = new Registry<Initializer>({
  noun: 'initializer',
  expected: 'an initializer or its name',
  factories: factoriesOf(initializers),
  isReady: (of) => hasMethods(of, ['create', 'getConfig']),
});

/** The initializer that an option stands for. */
export const getInitializer = (argument: string, of: InitializerIdentifier): Initializer =>
  registry.get(argument, of);
