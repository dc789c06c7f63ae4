/**
 * The error about NaN and infinity in data: where they are.
 */
import { RidgelineError } from '../errors.js';
import type { Tensor } from './tensor.js';

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
