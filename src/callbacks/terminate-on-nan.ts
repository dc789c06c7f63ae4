/**
 * Ends training when the loss of a batch is NaN or infinite.
 */
import { boolean, type Settled, settle, type Table } from '../core/options.js';
import { RidgelineError } from '../errors.js';
import { Callback } from './callback.js';
import type { Logs } from './logs.js';

/** Options of {@link TerminateOnNaN}. */
export interface TerminateOnNaNOptions {
  /** Ends the fit with the error `ERR_NON_FINITE`, so that no callback behind goes on as if it were over. Default false. */
  readonly raiseError?: boolean | undefined;
}

const TABLE: Table<TerminateOnNaNOptions> = { raiseError: boolean(false) };

/** See {@link terminateOnNaN}. */
export class TerminateOnNaN extends Callback {
  readonly #options: Settled<TerminateOnNaNOptions>;

  constructor(options: TerminateOnNaNOptions = {}) {
    super();
    this.#options = settle('terminateOnNaN', TABLE, [options]);
  }

  /** @throws {RidgelineError} `ERR_NON_FINITE` with `raiseError`. */
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    if (Number.isFinite(logs.loss)) return;
    if (this.#options.raiseError)
      throw new RidgelineError('ERR_NON_FINITE', `the loss of batch ${batch} is ${logs.loss}`);
    console.warn(`Batch ${batch}: the loss is ${logs.loss}, terminating training`);
    this.model.stopTraining = true;
  }
}

/**
 * Ends training when the loss of a batch is NaN or infinite.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const terminateOnNaN = (options?: TerminateOnNaNOptions): TerminateOnNaN =>
  new TerminateOnNaN(options);
