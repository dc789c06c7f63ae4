/**
 * Steps of sequences whose length may be unknown.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { sub } from './arithmetic.js';
import { equal, where } from './comparison.js';
import { onesLike } from './creation.js';
import { sum } from './reduction.js';
import { expandDims } from './shaping.js';

/** How many steps `x` has along an axis, int32 of no axes. */
export function lengthOf(x: SymbolicTensor, axis: number): SymbolicTensor {
  const [places] = Trace.running.emit('positions', [x], { axis });
  return sum(onesLike(places)) as SymbolicTensor;
}

/** The first step or the last one of `[batch, time, features]`. */
export function stepOf(x: SymbolicTensor, at: 0 | -1): SymbolicTensor {
  const [places] = Trace.running.emit('positions', [x], { axis: 1 });
  const is = equal(places, at === 0 ? 0 : sub(lengthOf(x, 1), 1)) as SymbolicTensor;
  return sum(where(expandDims(is, -1), x, 0), { axis: 1 }) as SymbolicTensor;
}
