/**
 * Turns: long work on the JavaScript thread in slices, between which others have theirs.
 */

/** Milliseconds of work after which others have their turn. */
const TURN = 5;

/** See the module documentation. */
export class Turns {
  #since = performance.now();

  /** True when this has worked for long enough. */
  get isOver(): boolean {
    return performance.now() - this.#since > TURN;
  }

  /** Lets others have their turn. */
  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = performance.now();
  }
}
