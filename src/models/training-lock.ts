/**
 * The lock of a model's training: one verb at a time, and none after a failure inside native code.
 */
import { RidgelineError } from '../errors.js';
import { type NativeEvent, succeeded } from '../native.js';

/** See the module documentation. */
export class TrainingLock {
  readonly #model: { readonly name: string };
  #busy = false;
  #poisoned = false;

  constructor(model: { readonly name: string }) {
    this.#model = model;
  }

  /**
   * Does `work` while no other training does.
   * @throws {RidgelineError} As a rejection: `ERR_BUSY`, `ERR_NATIVE`, or what `work` rejects with.
   */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const { name } = this.#model;
    if (this.#poisoned) {
      throw new RidgelineError(
        'ERR_NATIVE',
        `model '${name}' failed inside native code and cannot be trained further; its weights can still be read`,
      );
    }
    this.checkIdle();
    this.#busy = true;
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  /** @throws {RidgelineError} `ERR_BUSY` while something is done. */
  checkIdle(): void {
    if (!this.#busy) return;
    const { name } = this.#model;
    const message = `model '${name}' is being trained; wait for fit to end`;
    throw new RidgelineError('ERR_BUSY', message, { layer: name });
  }

  /**
   * The event, unless it tells of a failure. A panic may have left weights half updated: it ends training for good.
   * @throws {RidgelineError} The failure.
   */
  check(event: NativeEvent): NativeEvent {
    if (event.failure?.code === 'ERR_NATIVE') this.#poisoned = true;
    return succeeded(event);
  }
}
