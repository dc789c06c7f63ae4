/**
 * That something ends, for those who wait for something else meanwhile.
 */

/** See the module documentation. */
export class Ending {
  readonly #waiting = new Set<() => void>();
  #isTold = false;

  /** True once it was told. */
  get isTold(): boolean {
    return this.#isTold;
  }

  /** Tells all who wait, and whoever will. */
  tell(): void {
    this.#isTold = true;
    for (const end of this.#waiting) end();
    this.#waiting.clear();
  }

  /**
   * What comes first, that or the end, which gives nothing. Who is not told is forgotten: `Promise.race` with one promise that
   * lasts would keep everything that it was raced with.
   */
  or<T>(other: PromiseLike<T>): Promise<T | undefined> {
    return new Promise((resolve, reject) => {
      const end = (): void => resolve(undefined);
      const forget = (): void => void this.#waiting.delete(end);
      this.#waiting.add(end);
      other.then(
        (value) => {
          forget();
          resolve(value);
        },
        (error: unknown) => {
          forget();
          reject(error);
        },
      );
      if (this.#isTold) queueMicrotask(end);
    });
  }
}
