/**
 * Where outputs of a layer that goes backwards stand: in the order of its steps or, for a layer around it, where their inputs do.
 */

/** See the module documentation. */
export class Alignment {
  #isWithInputs = false;

  /** True where they stand where their inputs do. */
  get isWithInputs(): boolean {
    return this.#isWithInputs;
  }

  /** Does `work`, in which they stand so. */
  withInputs<T>(work: () => T): T {
    this.#isWithInputs = true;
    try {
      return work();
    } finally {
      this.#isWithInputs = false;
    }
  }
}
