/**
 * A native run whose epochs are validated on batches that come one by one: between its event and the answer to it, when
 * the run stands still.
 */
import type { NativeEvent, NativeRun } from '../native.js';
import { Ending } from './ending.js';
import type { Run } from './training-loop.js';

/** How a run is validated. */
interface Validation {
  /** Validates after every so many epochs. */
  readonly frequency: number;
  /** Logs of the validation data. */
  validate(): Promise<number[]>;
}

type Verdict = Parameters<NativeRun['next']>[0];

/** See the module documentation. */
export class ValidatedRun implements Run {
  readonly #run: NativeRun;
  readonly #of: Validation;
  #isOver = false;
  readonly #cancelled = new Ending();

  constructor(run: NativeRun, of: Validation) {
    this.#run = run;
    this.#of = of;
  }

  async next(verdict: Verdict): Promise<NativeEvent> {
    // The end may have been told of in vain, when its validation failed.
    if (this.#isOver) return { kind: 'end', epoch: 0, batch: 0, logs: [] };
    const event = await this.#run.next(verdict);
    this.#isOver = event.kind === 'end';
    const isDue = event.kind !== 'batch' && (event.epoch + 1) % this.#of.frequency === 0;
    if (event.failure || event.logs.length === 0 || !isDue) return event;
    const validation = await this.#cancelled.or(this.#of.validate());
    return validation ? { ...event, validation } : event;
  }

  cancel(): void {
    this.#run.cancel();
    this.#cancelled.tell();
  }

  progress(): ReturnType<NativeRun['progress']> {
    return this.#run.progress();
  }
}
