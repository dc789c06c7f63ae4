/**
 * Whether a layer is trainable: what was assigned last, to it or to one around it.
 */

/** See the module documentation. */
export class Freezing {
  /** How often it was assigned to any layer. */
  static assignments = 0;

  #trainable: boolean;
  /** When it was last assigned; 0 for never: an option holds for its layer alone. */
  #assigned = 0;

  constructor(trainable: boolean) {
    this.#trainable = trainable;
  }

  get isTrainable(): boolean {
    return this.#trainable;
  }

  /** Assigns, later than all before. */
  assign(trainable: boolean): void {
    this.#trainable = trainable;
    Freezing.assignments += 1;
    this.#assigned = Freezing.assignments;
  }

  /** Takes over what was assigned to a layer around this one, unless this was assigned later. */
  follow(around: Freezing): void {
    if (around.#assigned <= this.#assigned) return;
    this.#trainable = around.#trainable;
    this.#assigned = around.#assigned;
  }
}
