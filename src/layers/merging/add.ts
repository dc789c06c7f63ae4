/**
 * Add: the sum of several tensors, as in residual connections.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged } from './merge.js';

/** The sum of a list of tensors; see {@link Merge} for their shapes. */
export class Add extends Merge {
  static override readonly className: string = 'Add';

  protected override merge(tensors: readonly SymbolicTensor[]): SymbolicTensor {
    return tensors.reduce((a, b) => ops.add(a, b));
  }
}

/**
 * An add layer, or the sum of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function add(options?: LayerOptions): Add;
export function add(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function add(of?: LayerOptions | readonly SymbolicTensor[]): Add | SymbolicTensor {
  return merged(Add, of);
}
