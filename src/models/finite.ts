/**
 * NaN and infinity in data: the native core finds that there are some, and here is said where.
 */
import type { Tensor } from '../core/tensor.js';
import { isRidgelineError, RidgelineError } from '../errors.js';
import { guard } from '../native.js';
import type { NamedTensor } from './input-data.js';

/**
 * Does native `work` that takes `data`.
 * @throws {RidgelineError} `ERR_NON_FINITE` naming the first NaN or infinity, and what else `work` throws.
 */
export function finite<T>(data: readonly NamedTensor[], work: () => T): T {
  try {
    return guard(work);
  } catch (error) {
    if (!isRidgelineError(error) || error.code !== 'ERR_NON_FINITE') throw error;
    for (const { name, tensor } of data) {
      const bad = tensor.data.findIndex((x: number) => !Number.isFinite(x));
      if (bad >= 0) throw nonFinite(name, tensor, bad);
    }
    throw error;
  }
}

/** `ERR_NON_FINITE` for element `bad` of a tensor. */
export function nonFinite(name: string, { shape, data }: Tensor, bad: number): RidgelineError {
  const index: number[] = [];
  let rest = bad;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return new RidgelineError('ERR_NON_FINITE', `${name} has ${data[bad]} at [${index.join(', ')}]`, {
    argument: name,
    received: data[bad],
  });
}
