/**
 * NaN and infinity in data: the native core finds that there are some, and here is said where.
 */
import { nonFinite } from '../core/non-finite.js';
import { isRidgelineError } from '../errors.js';
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
