/**
 * Checks of arguments, each with an error that names the argument and a guess at what was meant.
 */
import { argumentError, RidgelineError, show } from '../errors.js';
import { nearest } from './names.js';
import { cut } from './show.js';

/** An integer of at least `min`, and of at most `max` if there is a bound to tell of. */
export function integer(
  argument: string,
  value: unknown,
  min: number,
  max: number = Number.MAX_SAFE_INTEGER,
): number {
  if (Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max)
    return value as number;
  const bounded = max < Number.MAX_SAFE_INTEGER;
  throw argumentError(
    argument,
    bounded ? `an integer between ${min} and ${max}` : `an integer ≥ ${min}`,
    value,
  );
}

/** A number of rows, epochs or threads: 32 bits in the native core. */
export function count(argument: string, value: unknown, min = 1): number {
  return integer(argument, value, min, 2 ** 32 - 1);
}

/** The largest index: int32 in the native core. */
export const MOST_INDEX = 2 ** 31 - 1;

/** True for indices, of tokens above all. */
export const isIndex = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MOST_INDEX;

/** A number of threads, if one is given. */
export function threads(value: unknown): number | undefined {
  return value === undefined ? undefined : count('threads', value);
}

/** True for numbers that are finite as float32 too, which the native core computes in. */
export const isFloat = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(Math.fround(value));

/** A finite number for which `holds`. */
export function number(
  argument: string,
  value: unknown,
  expected = 'a finite number',
  holds = (_: number) => true,
): number {
  if (isFloat(value) && holds(value)) return value;
  throw argumentError(argument, expected, value);
}

/** A finite number ≥ 0. */
export function nonNegative(argument: string, value: unknown): number {
  return number(argument, value, 'a finite number ≥ 0', (n) => n >= 0);
}

/** A finite number > 0, and not so small that the native core takes it for 0. */
export function positive(argument: string, value: unknown): number {
  return number(argument, value, 'a number > 0', (n) => n >= 2 ** -126);
}

/** A rate in [0, 1). */
export function rate(argument: string, value: unknown): number {
  return number(argument, value, 'in [0, 1)', (n) => n >= 0 && n < 1);
}

/** A share in [0, 1]. */
export function fraction(argument: string, value: unknown): number {
  return number(argument, value, 'in [0, 1]', (n) => n >= 0 && n <= 1);
}

/** A boolean. */
export function boolean(argument: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw argumentError(argument, 'a boolean', value);
}

/** `received` is not one of `names`. */
export function unknownName(argument: string, names: readonly string[], received: unknown): RidgelineError {
  const guess = typeof received === 'string' ? nearest(received, names) : undefined;
  const hint = guess ? `; did you mean '${guess}'?` : '';
  const expected = names.length <= 48 ? `one of ${names.map((n) => `'${n}'`).join(', ')}` : 'a known name';
  return new RidgelineError(
    'ERR_ARGUMENT',
    `${argument} must be ${expected}, received ${show(received)}${hint}`,
    {
      argument,
      expected,
      received,
    },
  );
}

/** True for text that files can hold: without halves of surrogate pairs, and without zeros. */
export function isWellFormed(text: string): boolean {
  return !/[\p{Surrogate}\0]/u.test(text);
}

/** True for text that can be a name: not blank, and well-formed. */
export const isName = (text: unknown): text is string =>
  typeof text === 'string' && text.trim() !== '' && isWellFormed(text);

/** True for objects as literals make them, in any realm: no list, no map, no date, nothing inherited, no `Math`. */
export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null) return true;
  return Object.hasOwn(prototype as object, 'isPrototypeOf') && !Object.hasOwn(value, Symbol.toStringTag);
}

/** Options with all defaults filled in. */
export type Complete<T> = { readonly [P in keyof T]-?: Exclude<T[P], undefined> };

/** Rejects options that nobody knows, with a guess at what was meant. */
export function options<T extends object>(where: string, given: T | undefined, known: readonly string[]): T {
  if (given === undefined) return {} as T;
  if (!isPlain(given)) throw argumentError(`${where} options`, 'an object', given);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      const guess = nearest(key, known);
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `${where} has no option '${cut(key)}'${guess ? `; did you mean '${guess}'?` : `; it has ${known.join(', ') || 'none'}`}`,
        { argument: key, expected: known.join(', '), received: key },
      );
    }
  }
  return given;
}

/** Promises, of another realm or library too. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
