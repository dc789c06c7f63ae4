/**
 * Maximum: the larger of several tensors, element by element.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged, selected } from './merge.js';

/**
 * The largest of a list of tensors, element by element; see {@link Merge} for their shapes. What a mask leaves out gives way
 * to the others.
 */
export class Maximum extends Merge {
  static override readonly className: string = 'Maximum';

  protected override merge(
    tensors: readonly SymbolicTensor[],
    masks: readonly (SymbolicTensor | undefined)[],
  ): SymbolicTensor {
    return selected(ops.maximum, tensors, masks);
  }
}

/**
 * A maximum layer, or the largest of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function maximum(options?: LayerOptions): Maximum;
export function maximum(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function maximum(of?: LayerOptions | readonly SymbolicTensor[]): Maximum | SymbolicTensor {
  return merged(Maximum, of);
}
