/**
 * The lock of a model's training, and of whatever moves a state from batch to batch: one verb at a time, and none after a
 * failure inside native code.
 */
import { RidgelineError } from '../errors.js';
import { type NativeEvent, succeeded } from '../native.js';

/** See the module documentation. */
export class TrainingLock {
  readonly #model: { readonly name: string };
  #busy: string | undefined;
  #poisoned = false;

  constructor(model: { readonly name: string }) {
    this.#model = model;
  }

  /**
   * Does `work` while nothing else is done alone.
   * @param what - What the model is doing, for whoever comes meanwhile.
   * @throws {RidgelineError} As a rejection: `ERR_BUSY`, `ERR_NATIVE`, or what `work` rejects with.
   */
  async alone<T>(work: () => Promise<T>, what = 'being trained; wait for fit to end'): Promise<T> {
    const { name } = this.#model;
    if (this.#poisoned) {
      throw new RidgelineError(
        'ERR_NATIVE',
        `model '${name}' failed inside native code and cannot be trained further; its weights can still be read`,
      );
    }
    this.checkIdle();
    this.#busy = what;
    try {
      return await work();
    } finally {
      this.#busy = undefined;
    }
  }

  /** @throws {RidgelineError} `ERR_BUSY` while something is done. */
  checkIdle(): void {
    if (this.#busy === undefined) return;
    const { name } = this.#model;
    const message = `model '${name}' is ${this.#busy}`;
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
