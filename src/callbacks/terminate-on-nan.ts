/**
 * Ends training when the loss of a batch is NaN or infinite.
 */
import { Callback } from './callback.js';
import type { Logs } from './logs.js';

/** See {@link terminateOnNaN}. */
export class TerminateOnNaN extends Callback {
  override onTrainBatchEnd(batch: number, logs: Logs): void {
    if (Number.isFinite(logs.loss)) return;
    console.warn(`Batch ${batch}: the loss is ${logs.loss}, terminating training`);
    this.model.stopTraining = true;
  }
}

/** Ends training when the loss of a batch is NaN or infinite. */
export const terminateOnNaN = (): TerminateOnNaN => new TerminateOnNaN();
