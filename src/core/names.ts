/**
 * Names: camelCase as TypeScript writes them, snake_case as Keras does, and guesses at what was meant.
 */

/** snake_case as camelCase. */
export function camel(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
}

/** camelCase as snake_case. */
export function snake(name: string): string {
  return (
    name
      // The D of a number of dimensions stands with it.
      .replace(/(\d)D\b/g, '$1d')
      .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
      .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
      .toLowerCase()
  );
}

/** The name in snake_case, as a type. */
export type Snake<S extends string> = S extends `${infer Head}${infer Rest}`
  ? Head extends Lowercase<Head>
    ? `${Head}${Snake<Rest>}`
    : `_${Lowercase<Head>}${Snake<Rest>}`
  : S;

/** An identifier in camelCase, completed by editors, or in snake_case. */
export type Name<C extends string> = C | (Snake<C> & Record<never, never>);

/** Names of the factories that module `M` exports: they begin with a small letter, classes with a capital one. */
export type FactoryName<M> = { [K in keyof M & string]: K extends Uncapitalize<K> ? K : never }[keyof M &
  string];

/** Letters of a name that was meant for another. */
const LONGEST = 64;

/** The spelling among `names` that is nearest to `wrong`, if one is near. */
export function nearest(wrong: string, names: readonly string[]): string | undefined {
  // What is as long as no name is meant for none.
  if (wrong.length > LONGEST) return undefined;
  const ranked = names
    .map((name) => [distance(wrong.toLowerCase(), name.toLowerCase()), name] as const)
    .sort((a, b) => a[0] - b[0])[0];
  return ranked && ranked[0] <= Math.max(2, wrong.length / 3) ? ranked[1] : undefined;
}

/** How many letters to insert, delete or replace to get from `a` to `b` (Levenshtein 1966). */
function distance(a: string, b: string): number {
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
}

/**
 * The name of a class: what its static field `key` says, or its own; where it `computes` something of its own, not that of
 * the class that it extends.
 */
export function nameOfClass(of: { readonly name: string }, key: string, computes: boolean): string {
  const said = (of as unknown as Record<string, string | undefined>)[key];
  return said === undefined || (computes && !Object.hasOwn(of, key)) ? of.name : said;
}
