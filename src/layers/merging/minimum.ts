/**
 * Minimum: the smaller of several tensors, element by element.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged, selected } from './merge.js';

/**
 * The smallest of a list of tensors, element by element; see {@link Merge} for their shapes. What a mask leaves out gives way
 * to the others.
 */
export class Minimum extends Merge {
  static override readonly className: string = 'Minimum';

  protected override merge(
    tensors: readonly SymbolicTensor[],
    masks: readonly (SymbolicTensor | undefined)[],
  ): SymbolicTensor {
    return selected(ops.minimum, tensors, masks);
  }
}

/**
 * A minimum layer, or the smallest of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function minimum(options?: LayerOptions): Minimum;
export function minimum(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function minimum(of?: LayerOptions | readonly SymbolicTensor[]): Minimum | SymbolicTensor {
  return merged(Minimum, of);
}
