/**
 * Checks of arguments, each with an error that names the argument; identifiers with "did you mean".
 */
import { argumentError, RidgelineError, show } from '../errors.js';

/** An integer of at least `min`, and of at most `max` if there is a bound to tell of. */
export function integer(
  argument: string,
  value: unknown,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
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

/** A finite number for which `holds`. */
export function number(
  argument: string,
  value: unknown,
  expected = 'a finite number',
  holds = (_: number) => true,
): number {
  if (typeof value === 'number' && Number.isFinite(value) && holds(value)) return value;
  throw argumentError(argument, expected, value);
}

/** A finite number ≥ 0. */
export function nonNegative(argument: string, value: unknown): number {
  return number(argument, value, 'a finite number ≥ 0', (n) => n >= 0);
}

/** A rate in [0, 1). */
export function rate(argument: string, value: unknown): number {
  return number(argument, value, 'in [0, 1)', (n) => n >= 0 && n < 1);
}

/** A boolean. */
export function boolean(argument: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw argumentError(argument, 'a boolean', value);
}

/** The spelling among `names` that is nearest to `wrong`, if one is near. */
function nearest(wrong: string, names: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, i) => i);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
        next.push(Math.min((row[j] as number) + 1, (next[j - 1] as number) + 1, replaced));
      }
      row = next;
    }
    return row[b.length] as number;
  };
  const ranked = names
    .map((name) => [distance(wrong.toLowerCase(), name.toLowerCase()), name] as const)
    .sort((a, b) => a[0] - b[0])[0];
  return ranked && ranked[0] <= Math.max(2, wrong.length / 3) ? ranked[1] : undefined;
}

/** `received` is not one of `names`. */
export function unknownName(argument: string, names: readonly string[], received: unknown): RidgelineError {
  const guess = typeof received === 'string' ? nearest(received, names) : undefined;
  const hint = guess ? `; did you mean '${guess}'?` : '';
  const expected = names.length <= 12 ? `one of ${names.map((n) => `'${n}'`).join(', ')}` : 'a known name';
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

/** snake_case as camelCase. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** camelCase as snake_case. */
export function snake(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase();
}

/** The name in snake_case, as a type. */
export type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Rest>}`
    : `_${Lowercase<Head>}${Snake<Rest>}`
  : S;

/** An identifier in camelCase, completed by editors, or in snake_case. */
export type Name<C extends string> = C | (Snake<C> & Record<never, never>);

/** Options with all defaults filled in. */
export type Complete<T> = { readonly [P in keyof T]-?: Exclude<T[P], undefined> };

/** Rejects options that nobody knows, with a guess at what was meant. */
export function options<T extends object>(where: string, given: T | undefined, known: readonly string[]): T {
  if (given === undefined) return {} as T;
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw argumentError(`${where} options`, 'an object', given);
  }
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) {
      const guess = nearest(key, known);
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `${where} has no option '${key}'${guess ? `; did you mean '${guess}'?` : `; it has ${known.join(', ') || 'none'}`}`,
        { argument: key, expected: known.join(', '), received: key },
      );
    }
  }
  return given;
}
