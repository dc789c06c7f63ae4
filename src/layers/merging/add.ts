/**
 * Add: the sum of several tensors, as in residual connections.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { several } from './several.js';

/** The sum of a list of tensors, with broadcasting; axes that one lacks are added behind its batch, as in Keras. */
export class Add extends Layer {
  static override readonly className: string = 'Add';
  static override readonly options: Table<LayerOptions> = {};

  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const tensors = several(this.name, inputs);
    const rank = Math.max(...tensors.map((t) => t.rank));
    const wide = (t: SymbolicTensor): SymbolicTensor => {
      if (t.rank === rank) return t;
      const units = Array.from({ length: rank - t.rank }, () => 1);
      return ops.reshape(t, [null, ...units, ...t.shape.slice(1).map((size) => size ?? -1)]);
    };
    return tensors.map(wide).reduce((a, b) => ops.add(a, b));
  }
}

/**
 * An add layer, or the sum of tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not broadcast.
 */
export function add(options?: LayerOptions): Add;
export function add(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function add(of?: LayerOptions | readonly SymbolicTensor[] | readonly Tensor[]): Add | SymbolicTensor {
  return Array.isArray(of) ? new Add()(of as SymbolicTensor[]) : new Add(of as LayerOptions);
}
