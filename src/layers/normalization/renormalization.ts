/**
 * Batch renormalization (Ioffe 2017): what a batch normalized by itself needs to be as if it were normalized by moving
 * statistics, `x̂·r + d` with `r = σ/σₘ` and `d = (μ − μₘ)/σₘ`, through which no gradient flows.
 */
import { options as checkOptions, isPlain, number } from '../../core/check.js';
import { type Option, option } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';

/** Bounds of the corrections; those left out do not hold. */
export interface RenormClipping {
  /** Largest r. */
  readonly rmax?: number | undefined;
  /** Smallest r. */
  readonly rmin?: number | undefined;
  /** Largest |d|. */
  readonly dmax?: number | undefined;
}

/** The option `renormClipping`. */
export const renormClipping: Option<RenormClipping, false> = option((argument, given): RenormClipping => {
  if (!isPlain(given)) throw argumentError(argument, '{ rmax, rmin, dmax }', given);
  const bounds = checkOptions<RenormClipping>(argument, given, ['rmax', 'rmin', 'dmax']);
  for (const [name, bound] of Object.entries(bounds))
    if (bound !== undefined) number(`${argument}.${name}`, bound);
  const { rmax, rmin, dmax } = bounds;
  if (rmax !== undefined && rmin !== undefined && rmax < rmin)
    throw argumentError(`${argument}.rmax`, `at least rmin, ${rmin}`, rmax);
  if (dmax !== undefined && dmax < 0) throw argumentError(`${argument}.dmax`, '≥ 0', dmax);
  return bounds;
}, {});

/** Statistics of each channel. */
export interface Statistics {
  readonly mean: SymbolicTensor;
  readonly stddev: SymbolicTensor;
}

/** `r` and `d`, within their bounds. */
export function corrections(
  batch: Statistics,
  moving: Statistics,
  { rmax, rmin, dmax }: RenormClipping,
  epsilon: number,
): [r: SymbolicTensor, d: SymbolicTensor] {
  // Never 0, not at the beginning either.
  const stddev = ops.maximum(moving.stddev, Math.sqrt(epsilon));
  let r = ops.div(batch.stddev, stddev);
  let d = ops.div(ops.sub(batch.mean, moving.mean), stddev);
  if (rmin !== undefined) r = ops.maximum(r, rmin);
  if (rmax !== undefined) r = ops.minimum(r, rmax);
  if (dmax !== undefined) d = ops.maximum(ops.minimum(d, dmax), -dmax);
  return [ops.stopGradient(r), ops.stopGradient(d)];
}
