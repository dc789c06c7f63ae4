/**
 * Initializers by name and by config.
 */
import { camel, type Name, unknownName } from '../core/check.js';
import { argumentError } from '../errors.js';
import type { Initializer } from './initializer.js';
import * as initializers from './initializer.js';

const FACTORIES = { ...initializers } as const;

/** An initializer, its config or its name. */
export type InitializerIdentifier =
  | Initializer
  | Name<keyof typeof FACTORIES>
  | ({ readonly name: string } & Record<string, unknown>);

/** The initializer that an option stands for. */
export function getInitializer(argument: string, of: InitializerIdentifier): Initializer {
  if (typeof of === 'object' && of !== null && 'create' in of) return of as Initializer;
  const config = typeof of === 'string' ? { name: of } : of;
  if (typeof config !== 'object' || config === null)
    throw argumentError(argument, 'an initializer or its name', of);
  const { name, ...rest } = config;
  const known = camel(String(name));
  if (!Object.hasOwn(FACTORIES, known)) throw unknownName(argument, Object.keys(FACTORIES), name);
  const factory = FACTORIES[known as keyof typeof FACTORIES] as (o?: object) => Initializer;
  return Object.keys(rest).length > 0 ? factory(rest) : factory();
}
