/**
 * Moments of data: mean and biased variance of each cell along some axes.
 */
import type { Tensor } from '../../core/tensor.js';
import { guard, native } from '../../native.js';

/** Mean and variance of `x` for each index along `axes`, in row-major order; all other axes are averaged over. */
export function momentsOf(
  x: Tensor<'float32'>,
  axes: readonly number[],
): { readonly mean: Float32Array; readonly variance: Float32Array } {
  const { mean, variance } = guard(() => native.moments(x.data, [...x.shape], [...axes]));
  return { mean: Float32Array.from(mean), variance: Float32Array.from(variance) };
}
