/**
 * Masks that are shared along axes, as dropout and its relatives take them.
 */
import type { Option } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { list } from '../options.js';

/** Option of layers whose mask may be shared along axes. */
export interface NoiseShapeOptions {
  /** Shape of the mask; `null` takes the input's size, 1 shares the mask along an axis. Default the input's. */
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
}

/** Sizes of a mask; `null` takes the input's. */
export const noiseShape: Option<readonly (number | null)[] | undefined, false> = list(
  'a list of sizes and null',
  (size: number | null) => size === null || (Number.isInteger(size) && size > 0),
  null,
);

/**
 * The sizes as ops take them.
 * @throws {RidgelineError} `ERR_SHAPE` for another number of axes than the input has.
 */
export function noiseShapeOf(sizes: readonly (number | null)[], rank: number): number[] {
  if (sizes.length === rank) return sizes.map((size) => size ?? -2);
  throw new RidgelineError('ERR_SHAPE', `noiseShape has ${sizes.length} axes, the input ${rank}`);
}

/** `x` with a share `rate` of a mask of those sizes zeroed, and the rest scaled up. */
export function droppedAlong(
  x: SymbolicTensor,
  sizes: readonly (number | null)[],
  rate: number,
  seed: number | undefined,
): SymbolicTensor {
  const trace = Trace.running;
  const shape = noiseShapeOf(sizes, x.rank);
  return ops.mul(x, trace.emit('dropoutMask', [x], { rate, stream: trace.stream(seed), shape })[0]);
}
