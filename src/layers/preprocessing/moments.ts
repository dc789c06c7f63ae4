/**
 * Moments of data: mean and biased variance of each cell along some axes, in two passes in double precision.
 */
import type { Tensor } from '../../core/tensor.js';

/** Mean and variance of `x` for each index along `axes`, in row-major order; all other axes are averaged over. */
export function momentsOf(
  x: Tensor,
  axes: readonly number[],
): { readonly mean: Float32Array; readonly variance: Float32Array } {
  const sizes = axes.map((axis) => x.shape[axis] as number);
  const strides = axes.map((axis) => x.shape.slice(axis + 1).reduce((a, b) => a * b, 1));
  const cells = sizes.reduce((a, b) => a * b, 1);
  const count = x.size / cells;
  const cellOf = (at: number): number =>
    sizes.reduce((cell, size, i) => cell * size + (Math.floor(at / (strides[i] as number)) % size), 0);
  const averaged = (of: (value: number, cell: number) => number): Float64Array => {
    const sums = new Float64Array(cells);
    x.data.forEach((value: number, at: number) => {
      const cell = cellOf(at);
      sums[cell] = (sums[cell] as number) + of(value, cell) / count;
    });
    return sums;
  };
  const mean = averaged((value) => value);
  const variance = averaged((value, cell) => (value - (mean[cell] as number)) ** 2);
  return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
}
