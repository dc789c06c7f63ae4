/**
 * Flatten: each sample as a vector.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';

/** Merges all axes behind the batch: `[batch, a, b]` becomes `[batch, a·b]`, `[batch]` becomes `[batch, 1]`. */
export class Flatten extends Layer {
  static override readonly className: string = 'Flatten';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<LayerOptions> = {};

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.reshape(x, [null, -1]);
  }
}

/**
 * A flatten layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const flatten = (options?: LayerOptions): Flatten => new Flatten(options);
