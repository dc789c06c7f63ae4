/**
 * Subtract: the difference of two tensors.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { LayerOptions } from '../options.js';
import { Merge, merged } from './merge.js';

/** The first of two tensors less the second; see {@link Merge} for their shapes. */
export class Subtract extends Merge {
  static override readonly className: string = 'Subtract';

  protected override merge(tensors: readonly SymbolicTensor[]): SymbolicTensor {
    const [a, b] = tensors;
    if (tensors.length !== 2) throw argumentError('inputs', `two tensors for layer '${this.name}'`, tensors);
    return ops.sub(a as SymbolicTensor, b as SymbolicTensor);
  }
}

/**
 * A subtract layer, or the difference of two tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function subtract(options?: LayerOptions): Subtract;
export function subtract(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function subtract(of?: LayerOptions | readonly SymbolicTensor[]): Subtract | SymbolicTensor {
  return merged(Subtract, of);
}
