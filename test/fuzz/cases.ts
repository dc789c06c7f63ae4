/**
 * Cases: code that a seed stands for.
 */
import { Draw, type Kind } from './draw.js';
import { declared } from './prelude.js';
import { functions } from './targets/functions.js';
import { layers } from './targets/layers.js';
import { models } from './targets/models.js';
import { values } from './targets/values.js';

const TARGETS: readonly Kind[] = [functions, values, layers, models];

/** The code of a case: the body of an asynchronous function. */
export function codeOf(seed: number): string {
  const draw = new Draw(seed);
  return declared(draw.pick(TARGETS)(draw));
}
