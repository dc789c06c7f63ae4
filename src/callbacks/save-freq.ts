/**
 * The option `saveFreq` of callbacks that save.
 */
import { integer, option } from '../core/options.js';

/** At the end of every epoch, or after every so many batches. */
export type SaveFreq = 'epoch' | number;

const batches = integer(1);

/** Its check and its default, the end of every epoch. */
export const saveFreq = option(
  (argument, given): SaveFreq => (given === 'epoch' ? given : batches.read(argument, given)),
  'epoch' as SaveFreq,
);
