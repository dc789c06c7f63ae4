/**
 * Things by name: one registry for each kind that has names in options or in saved models.
 *
 * An option takes a name (in any case, with or without underscores), a config with a name, something ready-made, or,
 * for some kinds, a function. A saved model names what it was made of exactly.
 */
import { argumentError, RidgelineError } from '../errors.js';
import { unknownName } from './check.js';

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

/** Things of one's own that saved models name. */
export type CustomObjects = Readonly<Record<string, unknown>>;

/** Names in all registries. */
const builtin = new Set<string>();

let custom: CustomObjects = {};
let isLoading = false;

/**
 * Runs `work`, which makes something from a file: in it all registries also know `objects`, classes, functions or
 * ready-made things by name.
 */
export function withCustom<T>(objects: CustomObjects, work: () => T): T {
  const outer = [custom, isLoading] as const;
  custom = { ...custom, ...objects };
  isLoading = true;
  try {
    return work();
  } finally {
    [custom, isLoading] = outer;
  }
}

/** A model that names something that nobody passed. */
function missing(noun: string, name: string): RidgelineError {
  return new RidgelineError(
    'ERR_ARGUMENT',
    `the model has the ${noun} '${name}'; pass it: loadModel(path, { custom: { ${name} } })`,
    { argument: 'custom', received: name },
  );
}

/** Levels and objects of a config that is written. */
const [DEEPEST, MOST] = [64, 2 ** 17];

/** A function of one's own as it stands in a saved config. */
interface CustomReference {
  readonly $custom: string;
}

/**
 * A config in which functions stand by their names.
 *
 * @param functions - Gets the functions, by name.
 * @throws What `refuse` gives for an option that cannot be written so, and why.
 */
export function withReferences(
  config: unknown,
  functions: Record<string, unknown>,
  refuse: (key: string, fault: string) => Error,
): unknown {
  let count = 0;
  const walk = (value: unknown, key: string, around: readonly unknown[]): unknown => {
    if (typeof value === 'function') {
      const { name } = value;
      if (name === '') throw refuse(key, 'is a function without a name');
      if (builtin.has(name)) throw refuse(key, `is called '${name}' as something of this package is`);
      if (Object.hasOwn(functions, name) && functions[name] !== value)
        throw refuse(key, `is one of two functions called '${name}'`);
      functions[name] = value;
      return { $custom: name } satisfies CustomReference;
    }
    if (typeof value !== 'object' || value === null) return value;
    if (around.includes(value)) throw refuse(key, 'holds itself');
    if (around.length > DEEPEST || ++count > MOST) throw refuse(key, 'is too large');
    const within = [...around, value];
    if (Array.isArray(value)) return value.map((one) => walk(one, key, within));
    if ('toJSON' in value && typeof value.toJSON === 'function') return walk(value.toJSON(), key, within);
    return Object.fromEntries(Object.entries(value).map(([inner, v]) => [inner, walk(v, inner, within)]));
  };
  return walk(config, 'config', []);
}

/**
 * The config, with functions in the places of their names.
 * @throws {RidgelineError} `ERR_ARGUMENT` for one that nobody passed.
 */
export function resolveReferences(config: unknown): unknown {
  if (typeof config !== 'object' || config === null) return config;
  if (Array.isArray(config)) return config.map(resolveReferences);
  const { $custom: name } = config as Partial<CustomReference>;
  if (typeof name !== 'string')
    return Object.fromEntries(Object.entries(config).map(([key, value]) => [key, resolveReferences(value)]));
  if (!Object.hasOwn(custom, name)) throw missing('function', name);
  return custom[name];
}

/** Classes, unlike functions, have a `prototype` that cannot be replaced. */
function isClass(value: unknown): value is new (config: unknown) => unknown {
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
    for (const name of [...Object.keys(factories), ...Object.keys(aliases)]) builtin.add(name);
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
    if (!Object.hasOwn(custom, name)) return undefined;
    const of = custom[name];
    const { isReady, adapt } = this.#kind;
    if (isClass(of)) return (config) => new of(config) as T;
    if (typeof of === 'object' && of !== null && isReady(of)) return () => of as T;
    if (typeof of !== 'function') return undefined;
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
    if (!make) throw isLoading ? missing(this.#kind.noun, name) : unknownName(argument, this.names, name);
    return make(config);
  }

  /**
   * What a saved model names.
   * @throws {RidgelineError} `ERR_ARGUMENT` for a name that is not known.
   */
  restore({ name, config }: { readonly name: string; readonly config: object }): T {
    const make = this.find(name);
    if (make) return make(config);
    throw missing(this.#kind.noun, name);
  }
}
