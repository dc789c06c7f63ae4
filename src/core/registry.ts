/**
 * Things by name: one registry for each kind that has names in options or in saved models.
 *
 * An option takes a name (in any case, with or without underscores), a config with a name, something ready-made, or,
 * for some kinds, a function. A saved model names what it was made of exactly.
 */
import { argumentError, show } from '../errors.js';
import { unknownName } from './check.js';
import { customObject, loads, missing } from './custom.js';

/** Makes something from a config. */
// biome-ignore lint/suspicious/noExplicitAny: every factory has options of its own and checks them.
export type Factory<T> = (config?: any) => T;

/** What makes up a registry. */
export interface Kind<T> {
  /** What it holds, such as `loss`. */
  readonly noun: string;
  /** What an option takes, such as `a loss, its name or a function`. */
  readonly expected: string;
  /** Factories by name. */
  readonly factories: Readonly<Record<string, Factory<T>>>;
  /** Other names for some of them. */
  readonly aliases?: Readonly<Record<string, string>>;
  /** True for something ready-made. */
  isReady(value: object): boolean;
  /** What a function stands for, if functions are taken; `name` is the one it was registered by, if any. */
  // biome-ignore lint/suspicious/noExplicitAny: functions of one's own.
  readonly adapt?: (of: any, name?: string) => T;
}

/** The factories among what a module exports, in alphabetical order: functions that begin with a small letter. */
export function factoriesOf<T>(module: object): Record<string, Factory<T>> {
  const exported = Object.entries(module).sort(([a], [b]) => (a < b ? -1 : 1));
  const found = exported.filter(([name, of]) => /^[a-z]/.test(name) && typeof of === 'function');
  return Object.fromEntries(found) as Record<string, Factory<T>>;
}

/** True if an object has methods of these names. */
export const hasMethods = (of: object, names: readonly string[]): boolean =>
  names.every((name) => {
    const method = (of as Record<string, unknown>)[name];
    return typeof method === 'function' && !isClass(method);
  });

/** Names in all registries. */
const names = new Set<string>();

/** True for names that stand for something of this package. */
export const isTaken = (name: string): boolean => names.has(name);

/** Classes, unlike functions, have a `prototype` that cannot be replaced. */
export function isClass(value: unknown): value is new (config: unknown) => unknown {
  return (
    typeof value === 'function' && Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false
  );
}

const plain = (name: string): string => name.replaceAll('_', '').toLowerCase();

/** See the module documentation. */
export class Registry<T> {
  readonly #kind: Kind<T>;
  readonly #factories: ReadonlyMap<string, Factory<T>>;
  /** Names by their spelling without case and underscores. */
  readonly #spelled: ReadonlyMap<string, string>;
  /** Names and aliases, for errors. */
  readonly names: readonly string[];

  constructor(kind: Kind<T>) {
    const { factories, aliases = {} } = kind;
    for (const name of [...Object.keys(factories), ...Object.keys(aliases)]) names.add(name);
    this.#kind = kind;
    this.#factories = new Map(Object.entries(factories));
    this.names = [...Object.keys(factories), ...Object.keys(aliases)];
    this.#spelled = new Map(this.names.map((name) => [plain(name), aliases[name] ?? name]));
  }

  /** The factory called exactly `name`, among those of one's own first. */
  find(name: string): Factory<T> | undefined {
    return this.#own(name) ?? this.#factories.get(name);
  }

  #own(name: string): Factory<T> | undefined {
    const of = customObject(name);
    const { isReady, adapt } = this.#kind;
    if (isClass(of)) return (config) => new of(config) as T;
    if (typeof of === 'object' && of !== null && isReady(of)) return () => of as T;
    if (typeof of !== 'function') {
      if (of === undefined || typeof of === 'object') return undefined;
      throw argumentError('custom', `a class, function or object as '${name}'`, of);
    }
    return adapt ? () => adapt(of, name) : (config) => (of as Factory<T>)(config);
  }

  /**
   * What an option stands for.
   * @throws {RidgelineError} `ERR_ARGUMENT` for an unknown name, with a guess, or something else.
   */
  get(argument: string, of: unknown): T {
    const { adapt, expected, isReady } = this.#kind;
    if (typeof of === 'string') return this.#named(argument, of);
    if (typeof of === 'function' && adapt && !isClass(of)) return adapt(of);
    if (typeof of === 'object' && of !== null) {
      if (isReady(of)) return of as T;
      const { name, ...config } = of as { name?: unknown };
      if (typeof name === 'string') return this.#named(argument, name, config);
    }
    throw argumentError(argument, expected, of);
  }

  #named(argument: string, name: string, config?: object): T {
    const make = this.find(name) ?? this.#factories.get(this.#spelled.get(plain(name)) ?? '');
    if (!make) throw loads() ? missing(this.#kind.noun, name) : unknownName(argument, this.names, name);
    return make(config);
  }

  /**
   * What a saved model names.
   * @throws {RidgelineError} `ERR_ARGUMENT` for a name that is not known.
   */
  restore({ name, config }: { readonly name: string; readonly config: object }): T {
    if (typeof name !== 'string') throw new TypeError(`the name of a ${this.#kind.noun} is ${show(name)}`);
    const make = this.find(name);
    if (make) return make(config);
    throw missing(this.#kind.noun, name);
  }
}
