/**
 * Multiply: the product of several tensors, as in gates.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged } from './merge.js';

/**
 * The product of a list of tensors, element by element; see {@link Merge} for their shapes. What a mask leaves out counts
 * as 1, and where all leave it out the product is 0.
 */
export class Multiply extends Merge {
  static override readonly className: string = 'Multiply';

  protected override merge(
    tensors: readonly SymbolicTensor[],
    masks: readonly (SymbolicTensor | undefined)[],
  ): SymbolicTensor {
    const factors = tensors.map((t, i) => (masks[i] ? ops.where(masks[i], t, 1) : t));
    const product = factors.reduce((a, b) => ops.mul(a, b));
    const known = masks.flatMap((mask) => mask ?? []);
    if (known.length < masks.length) return product;
    return ops.where(
      known.reduce((a, b) => ops.logicalOr(a, b)),
      product,
      0,
    );
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
