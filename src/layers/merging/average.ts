/**
 * Average: the mean of several tensors, as of an ensemble.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged } from './merge.js';

/** The mean of a list of tensors; see {@link Merge} for their shapes. */
export class Average extends Merge {
  static override readonly className: string = 'Average';

  protected override merge(tensors: readonly SymbolicTensor[]): SymbolicTensor {
    return ops.mul(
      tensors.reduce((a, b) => ops.add(a, b)),
      1 / tensors.length,
    );
  }
}

/**
 * An average layer, or the mean of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function average(options?: LayerOptions): Average;
export function average(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function average(of?: LayerOptions | readonly SymbolicTensor[]): Average | SymbolicTensor {
  return merged(Average, of);
}
