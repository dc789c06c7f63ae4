/**
 * Names told apart by numbers behind them.
 */

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
