/**
 * The option by which callbacks say what they do.
 */
import { type Option, option } from '../core/options.js';
import { argumentError } from '../errors.js';

/** 1 for a line on the console, 0 for none. */
export const verbose: Option<0 | 1, false> = option((argument, given): 0 | 1 => {
  if (given === 0 || given === 1) return given;
  throw argumentError(argument, '0 or 1', given);
}, 0 as const);
