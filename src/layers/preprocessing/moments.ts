/**
 * Moments of data: mean and biased variance of each cell along some axes, slice by slice of the samples. Moments of two
 * slices join by the formula of Chan, Golub and LeVeque ("Updating formulae and a pairwise algorithm for computing sample
 * variances", 1979).
 */
import type { Tensor } from '../../core/tensor.js';
import { PIECE, type Work } from '../../core/turns.js';
import { guard, native } from '../../native.js';

/** Mean and variance of each cell, and how many numbers each is of. */
export interface Moments {
  readonly count: number;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
}

/**
 * Moments of `x`, `[samples, …]`, and of what others are of, for each index along `axes`, in row-major order; all other
 * axes are averaged over.
 */
export function* momentsOf(x: Tensor<'float32'>, axes: readonly number[], others?: Moments): Work<Moments> {
  const samples = x.shape[0] as number;
  const cells = axes.reduce((product, axis) => product * (x.shape[axis] as number), 1);
  // As many samples as make the joining cheap beside the summing.
  const slice = Math.ceil((Math.max(PIECE, 8 * cells) * samples) / x.size);
  let all = others ?? { count: 0, mean: new Float64Array(cells), variance: new Float64Array(cells) };
  for (let from = 0; from < samples; from += slice) {
    const rows = x.rows(from, Math.min(from + slice, samples));
    const { mean, variance } = guard(() => native.moments(rows.data, [...rows.shape], [...axes]));
    all = joined(all, {
      count: rows.size / cells,
      mean: Float64Array.from(mean),
      variance: Float64Array.from(variance),
    });
    yield;
  }
  return all;
}

/** The moments of what both are of. */
function joined(a: Moments, b: Moments): Moments {
  const count = a.count + b.count;
  const weight = b.count / count;
  const difference = a.mean.map((mean, i) => (b.mean[i] as number) - mean);
  return {
    count,
    mean: a.mean.map((mean, i) => mean + (difference[i] as number) * weight),
    variance: a.variance.map((variance, i) => {
      const between = (difference[i] as number) ** 2 * weight * (1 - weight);
      return variance * (1 - weight) + (b.variance[i] as number) * weight + between;
    }),
  };
}
