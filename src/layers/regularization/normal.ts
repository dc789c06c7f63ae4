/**
 * Normal numbers of a layer's random stream.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';

/** In a list of sizes: the input's dimension at that place. */
const KEEP = -2;

/** Independent standard normal numbers in the shape of `x`, new for every step. */
export function normalLike(x: SymbolicTensor, seed: number | undefined): SymbolicTensor {
  const trace = Trace.running;
  return trace.emit('normal', [x], { stream: trace.stream(seed), shape: x.shape.map(() => KEEP) })[0];
}
