/**
 * Options, said once: an interface states their types and documentation, a table how each is checked, what it is
 * when left out, and how it is saved. The compiler holds one against the other.
 *
 * {@link settle} checks what was given and fills in defaults, {@link save} gives a config that settles to the same.
 */
import { argumentError, show } from '../errors.js';
import * as check from './check.js';
import { camel } from './names.js';

/** An option whose checked value is a `T`; `R` is true if it must be given. */
export interface Option<T, R extends boolean = boolean> {
  /** True if there is no default. */
  readonly required: R;
  /** True if it may be given by position, before the others in an object. */
  readonly positional: boolean;
  /** The checked value of what was given. */
  readonly read: (argument: string, given: unknown) => T;
  /** What gives the value again, plain where it can be. */
  readonly save: (value: T) => unknown;
}

/** Options that belong together: `kernel.initializer` is given as `kernelInitializer`. */
export interface OptionGroup {
  // biome-ignore lint/suspicious/noExplicitAny: options of all types.
  readonly [part: string]: Option<any> | undefined;
}

/** Options and groups by name. */
export interface OptionTable {
  // biome-ignore lint/suspicious/noExplicitAny: options of all types.
  readonly [name: string]: Option<any> | OptionGroup;
}

/** Literals without the spellings that {@link Name} adds: those are no plain literals. */
type Plain<T> = string extends T
  ? T
  : T extends string
    ? T extends `${infer S}`
      ? S extends T
        ? T
        : never
      : never
    : T;

/** The checked value of an option that takes `T`. Where `null` may be given, there may be no value. */
export type Value<T> = null extends T ? Plain<NonNullable<T>> | undefined : Plain<T>;

/** Checked options of `C`, with defaults filled in. */
export type Settled<C> = { readonly [P in keyof C]-?: Value<Exclude<C[P], undefined>> };

/** One declaration for each option of `C`: required where the interface says so, and of its type. */
export type Table<C> = {
  readonly [P in keyof C]-?: Option<Settled<C>[P], undefined extends C[P] ? false : true>;
};

/** Options of what has none. */
export type NoOptions = Readonly<Record<string, never>>;

/** A default: `null` where the option has no value when left out. */
export type Default<T> = T | null | undefined;

/** An option for a `T` with a default of type `D`. */
export type With<T, D> = Option<D extends null ? T | undefined : T, undefined extends D ? true : false>;

/**
 * An option. Without a default it must be given, by name or by position; with the default `null` it may be left out
 * and then has no value. JavaScript's `null` leaves out as `undefined` does.
 */
export function option<T, D extends Default<unknown> = undefined>(
  read: (argument: string, given: unknown) => T,
  fallback?: D,
  save: (value: T) => unknown = (value) => value,
): With<T, D> {
  const made: Option<T | undefined> = {
    required: fallback === undefined,
    positional: fallback === undefined,
    read(argument, given) {
      const value = fallback === undefined ? given : (given ?? fallback);
      return value === null && fallback === null ? undefined : read(argument, value);
    },
    save: (value) => (value === undefined ? undefined : save(value)),
  };
  return made as With<T, D>;
}

/** The option, which may also be given by position though it has a default. */
export const positional = <T, R extends boolean>(of: Option<T, R>): Option<T, R> => ({
  ...of,
  positional: true,
});

/** The option, for which `null` says that there shall be no value, not even the default. */
export const nullable = <T, R extends boolean>(of: Option<T, R>): Option<T | undefined, R> => ({
  ...of,
  read: (argument, given) => (given === null ? undefined : of.read(argument, given)),
  save: (value) => (value === undefined ? null : of.save(value)),
});

/** Makes an option for a number, with or without a default. */
export type NumberOption = <D extends Default<number> = undefined>(fallback?: D) => With<number, D>;

const numeric =
  (read: (argument: string, given: unknown) => number): NumberOption =>
  (fallback) =>
    option(read, fallback);

/** A finite number. */
export const number: NumberOption = numeric((argument, given) => check.number(argument, given));
/** A finite number ≥ 0. */
export const nonNegative: NumberOption = numeric(check.nonNegative);
/** A finite number > 0. */
export const positive: NumberOption = numeric(check.positive);
/** A finite number ≤ 0. */
export const notPositive: NumberOption = numeric((argument, given) =>
  check.number(argument, given, 'a finite number ≤ 0', (n) => n <= 0),
);
/** A number in [0, 1). */
export const rate: NumberOption = numeric(check.rate);
/** A number in [0, 1]. */
export const fraction: NumberOption = numeric(check.fraction);
/** An axis, counted from the back if it is negative; whether the input has it shows when there is one. */
export const axis: NumberOption = numeric((argument, given) =>
  check.integer(argument, given, Number.MIN_SAFE_INTEGER),
);

/** An integer of at least `min`. */
export const integer = <D extends Default<number> = undefined>(
  min: number,
  fallback?: D,
  max?: number,
): With<number, D> => option((argument, given) => check.integer(argument, given, min, max), fallback);

/** An axis, or a list of at least one. */
export const axes = <D extends Default<number | readonly number[]> = undefined>(
  fallback?: D,
): With<number | readonly number[], D> =>
  option((argument, given) => {
    const all = typeof given === 'number' ? [given] : given;
    if (Array.isArray(all) && all.length > 0 && Array.from(all).every(Number.isInteger))
      return given as number | readonly number[];
    throw argumentError(argument, 'an integer or a list of integers', given);
  }, fallback);

/** A boolean. */
export const boolean = (fallback: boolean): Option<boolean, false> => option(check.boolean, fallback);

/** One of `names`, also in snake_case. */
export const oneOf = <const N extends string, D extends NoInfer<N> | undefined = undefined>(
  names: readonly N[],
  fallback?: D,
): With<N, D> =>
  option((argument, given) => {
    const name = typeof given === 'string' ? (camel(given) as N) : undefined;
    if (name !== undefined && names.includes(name)) return name;
    throw check.unknownName(argument, names, given);
  }, fallback);

/** Elements of the longest list: one that is longer is none, but a length without elements. */
const LONGEST = 2 ** 26;

/** A list whose elements `fits`; `expected` says what it is. */
export const list = <T, D extends Default<readonly T[]> = undefined>(
  expected: string,
  fits: (element: T) => boolean,
  fallback?: D,
): With<readonly T[], D> =>
  option((argument, given) => {
    if (Array.isArray(given) && given.length <= LONGEST && Array.from(given as readonly T[]).every(fits))
      return [...given] as readonly T[];
    throw argumentError(argument, expected, given);
  }, fallback);

/** One option of a table: its name in what is given, and where its value lies in the checked options. */
interface Entry {
  readonly name: string;
  readonly path: readonly [string] | readonly [string, string];
  readonly option: Option<unknown>;
}

const flattened = new WeakMap<OptionTable, readonly Entry[]>();

function entries(table: OptionTable): readonly Entry[] {
  if (typeof table !== 'object' || table === null)
    throw argumentError('options of a class', 'a table', table);
  let found = flattened.get(table);
  if (!found) {
    found = Object.entries(table).flatMap(([name, of]): Entry[] =>
      typeof of.read === 'function'
        ? [{ name, path: [name], option: of as Option<unknown> }]
        : Object.entries(of as Record<string, Option<unknown>>).map(([part, option]) => ({
            name: `${name}${part[0]?.toUpperCase()}${part.slice(1)}`,
            path: [name, part] as const,
            option,
          })),
    );
    flattened.set(table, found);
  }
  return found;
}

/** Names of the options in a table, as they are given. */
export const optionNames = (table: OptionTable): string[] => entries(table).map(({ name }) => name);

/** Whether an option that has no place takes a value. */
function takes({ name, option }: Entry, value: unknown): boolean {
  try {
    option.read(name, value);
  } catch {
    return false;
  }
  return !option.positional;
}

/**
 * What was given, as one object: positional options first and an object with others behind them, or all in one object.
 *
 * @param what - What the object is, for the error.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything else.
 */
export function collect(what: string, table: OptionTable, given: readonly unknown[]): object {
  const last = given.at(-1);
  const byName = check.isPlain(last) ? last : undefined;
  const values = byName ? given.slice(0, -1) : given;
  const places = entries(table).filter(({ option }) => option.positional);
  const extra = values.slice(places.length).find((value) => value !== undefined);
  if (extra !== undefined) {
    // As Keras' second argument of a dense layer is.
    const meant = typeof extra === 'string' && entries(table).find((of) => takes(of, extra))?.name;
    throw argumentError(what, meant ? `an object, such as { ${meant}: ${show(extra)} }` : 'an object', extra);
  }
  const byPosition = places.slice(0, values.length).map(({ name }, i) => [name, values[i]]);
  const twice = places.slice(0, values.length).find(({ name }) => byName?.[name] !== undefined);
  if (twice) throw argumentError(twice.name, 'given once, by position or by name', byName?.[twice.name]);
  return { ...Object.fromEntries(byPosition), ...byName };
}

/** Checks the options of a table and fills in defaults; what else was given does not matter. */
export function read<C extends object>(table: OptionTable, given: object): C {
  const settled: Record<string, unknown> = {};
  for (const { name, path, option } of entries(table)) {
    const value = option.read(name, (given as Record<string, unknown>)[name]);
    const [first, part] = path;
    if (part === undefined) settled[first] = value;
    else settled[first] = { ...(settled[first] as object | undefined), [part]: value };
  }
  return settled as C;
}

/**
 * Checks what a factory or constructor was given and fills in defaults.
 *
 * @param where - Whose options they are, for the error.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an option that the table does not have, or a value that it refuses.
 */
export function settle<C extends object>(where: string, table: OptionTable, given: readonly unknown[]): C {
  const options = collect(`${where} options`, table, given);
  return read<C>(table, check.options(where, options, optionNames(table)));
}

/** Options that settle to the same, by the names under which they are given. */
export function save(table: OptionTable, settled: object): Record<string, unknown> {
  const value = (path: readonly string[]): unknown =>
    path.reduce<unknown>((from, key) => (from as Record<string, unknown>)[key], settled);
  return Object.fromEntries(entries(table).map(({ name, path, option }) => [name, option.save(value(path))]));
}
