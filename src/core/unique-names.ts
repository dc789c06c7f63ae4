/**
 * Names told apart by numbers behind them.
 */

/** By what stands before the number of a name: numbers from this on were not given to anything. */
const free = new Map<string, number>();

/** Notes that something has that name. */
export function noteName(name: string): void {
  const [, base = name, number = '0'] = /^(.*)_(\d{1,9})$/.exec(name) ?? [];
  free.set(base, Math.max(free.get(base) ?? 1, Number(number) + 1));
}

/** A name of which nothing has the like. */
export const freshName = (base: string): string => `${base}_${free.get(base) ?? 1}`;

/** Gives every name once. */
export class UniqueNames {
  readonly #taken: Set<string>;
  /** The first number to try behind a name that was taken. */
  readonly #next = new Map<string, number>();

  /** @param taken Names that are not to be given. */
  constructor(taken: Iterable<string> = []) {
    this.#taken = new Set(taken);
  }

  /** Takes `name` if it is free, and tells whether it was. */
  takeAsIs(name: string): boolean {
    return this.#taken.size < this.#taken.add(name).size;
  }

  /** `base`, or the first of `base_1`, `base_2`, … that is free; it is taken from now on. */
  take(base: string): string {
    let name = base;
    let next = this.#next.get(base) ?? 1;
    while (this.#taken.has(name)) name = `${base}_${next++}`;
    this.#next.set(base, next);
    this.#taken.add(name);
    return name;
  }
}
