/**
 * A seeded source of choices: the same seed gives the same case, whatever other cases came before it.
 */

/** See the module documentation. */
export class Draw {
  /** How often something else stands where an argument belongs: differs by case, so that some reach far. */
  readonly wildness: number;
  #state: number;

  constructor(seed: number) {
    // Neighbouring seeds must not begin alike.
    this.#state = Math.imul(seed ^ 0x5bd1e995, 0x9e3779b1) >>> 0;
    this.#next();
    this.wildness = this.pick([0, 0.02, 0.08, 0.2, 0.5]);
  }

  /** Mulberry32. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer in `[0, below)`. */
  int(below: number): number {
    return Math.floor(this.#next() * below);
  }

  /** True for a share of the draws. */
  chance(share: number): boolean {
    return this.#next() < share;
  }

  /** True where something else than what belongs shall stand. */
  wild(): boolean {
    return this.chance(this.wildness);
  }

  /** One of `of`. */
  pick<T>(of: readonly T[]): T {
    return of[this.int(of.length)] as T;
  }

  /** `least` to `most` things that `make` makes, as the elements of a list in code. */
  several(least: number, most: number, make: (draw: Draw) => string): string {
    return Array.from({ length: least + this.int(most - least + 1) }, () => make(this)).join(', ');
  }
}

/** Code of an expression that serves as an argument of some kind. */
export type Kind = (draw: Draw) => string;

/** One of some expressions. */
export const among =
  (...of: readonly string[]): Kind =>
  (draw) =>
    draw.pick(of);

/** One of some kinds. */
export const either =
  (...of: readonly Kind[]): Kind =>
  (draw) =>
    draw.pick(of)(draw);
