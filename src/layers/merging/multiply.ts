/**
 * Multiply: the product of several tensors, as in gates.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged } from './merge.js';

/** The product of a list of tensors, element by element; see {@link Merge} for their shapes. */
export class Multiply extends Merge {
  static override readonly className: string = 'Multiply';

  protected override merge(tensors: readonly SymbolicTensor[]): SymbolicTensor {
    return tensors.reduce((a, b) => ops.mul(a, b));
  }
}

/**
 * A multiply layer, or the product of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function multiply(options?: LayerOptions): Multiply;
export function multiply(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function multiply(of?: LayerOptions | readonly SymbolicTensor[]): Multiply | SymbolicTensor {
  return merged(Multiply, of);
}
