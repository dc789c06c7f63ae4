/**
 * Moments of data: mean and biased variance of each cell along some axes, slice by slice of the samples. Moments of two
 * slices join by the formula of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing sample
 * variances", 1979).
 */
import type { Tensor } from '../../core/tensor.js';
import { PIECE, type Work } from '../../core/turns.js';
import { guard, native } from '../../native.js';

/** Mean and variance of each cell. */
export interface Moments {
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/** Moments of `x`, `[samples, …]`, for each index along `axes`, in row-major order; all other axes are averaged over. */
export function* momentsOf(x: Tensor<'float32'>, axes: readonly number[]): Work<Moments> {
  const samples = x.shape[0] as number;
  const cells = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  // As many samples as make the joining cheap beside the summing.
  const slice = Math.ceil((Math.max(PIECE, 8 * cells) * samples) / x.size);
  const all: Moments = { mean: new Float64Array(cells), variance: new Float64Array(cells) };
  for (let from = 0; from < samples; from += slice) {
    const rows = x.rows(from, Math.min(from + slice, samples));
    const { mean, variance } = guard(() => native.moments(rows.data, [...rows.shape], [...axes]));
    const share = rows.shape[0] as number;
    join(all, from, { mean: Float64Array.from(mean), variance: Float64Array.from(variance) }, share);
    yield;
  }
  return all;
}

/** Takes into the moments of `n` samples those of `m` others. */
function join({ mean, variance }: Moments, n: number, other: Moments, m: number): void {
  const weight = m / (n + m);
  for (let i = 0; i < mean.length; i++) {
    const difference = (other.mean[i] as number) - (mean[i] as number);
    const between = difference * difference * weight * (1 - weight);
    variance[i] = (variance[i] as number) * (1 - weight) + (other.variance[i] as number) * weight + between;
    mean[i] = (mean[i] as number) + difference * weight;
  }
}
