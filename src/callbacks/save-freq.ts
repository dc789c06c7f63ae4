/**
 * The option `saveFreq` of callbacks that save.
 */
import { integer, option } from '../core/options.js';
import type { Callback } from './callback.js';
import type { Logs } from './logs.js';

/** At the end of every epoch, or after every so many batches. */
export type SaveFreq = 'epoch' | number;

const batches = integer(1);

/** Its check and its default, the end of every epoch. */
export const saveFreq = option(
  (argument, given): SaveFreq => (given === 'epoch' ? given : batches.read(argument, given)),
  'epoch' as SaveFreq,
);

/**
 * Has `callback` save after every so many batches, if `every` says so. Returns what counts from 0 again.
 * @param save - Saves behind a batch, with the logs so far.
 */
export function saveAfterBatches(
  callback: Callback,
  every: SaveFreq,
  save: (batch: number, logs: Logs) => Promise<void>,
): () => void {
  let count = 0;
  // A run tells of batches only where somebody wants to hear.
  if (every !== 'epoch')
    callback.onTrainBatchEnd = async (batch, logs) => {
      count += 1;
      if (count % every === 0) await save(batch, logs);
    };
  return () => {
    count = 0;
  };
}
