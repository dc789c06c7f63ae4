/**
 * The lock of a model's training, and of whatever moves a state from batch to batch: one verb at a time, and none after a
 * failure inside native code.
 */
import type { Weight } from '../core/weight.js';
import { RidgelineError } from '../errors.js';
import { type NativeEvent, succeeded } from '../native.js';

/** Whose lock it is. */
interface Locked {
  readonly name: string;
  readonly variables: readonly Weight[];
}

/** See the module documentation. States of a layer that other models have too are locked for them as well. */
export class TrainingLock {
  readonly #model: Locked;
  #busy: string | undefined;
  #poisoned = false;

  constructor(model: Locked) {
    this.#model = model;
  }

  get #carried(): Weight[] {
    return this.#model.variables.filter((weight) => weight.isCarried);
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
    const moved = this.#carried;
    this.#busy = what;
    for (const weight of moved) weight.movedBy = `model '${name}' is ${what}`;
    try {
      return await work();
    } finally {
      this.#busy = undefined;
      for (const weight of moved) weight.movedBy = undefined;
    }
  }

  /** @throws {RidgelineError} `ERR_BUSY` while something is done. */
  checkIdle(): void {
    const { name } = this.#model;
    if (this.#busy !== undefined)
      throw new RidgelineError('ERR_BUSY', `model '${name}' is ${this.#busy}`, { layer: name });
    for (const weight of this.#carried) weight.checkUnmoved();
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
