/**
 * Permute: the axes behind the batch in another order.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, list, type Table } from '../options.js';

/** Config of {@link Permute}. */
export interface PermuteConfig extends LayerOptions {
  /** The axes in their new order, counted from 1: `[2, 1]` swaps the two behind the batch. */
  readonly dims: readonly number[];
}

type Given = [dims: readonly number[], options?: LayerOptions] | [config: PermuteConfig];

/** Axis i of the output, behind the batch, is axis `dims[i − 1]` of the input. */
export class Permute extends Layer<PermuteConfig, Given> {
  static override readonly className: string = 'Permute';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<PermuteConfig> = {
    dims: list<number>('a list of axes ≥ 1', (axis) => Number.isInteger(axis) && axis >= 1),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { dims } = this.options;
    const sorted = [...dims].sort((a, b) => a - b);
    if (dims.length !== x.rank - 1 || sorted.some((axis, i) => axis !== i + 1))
      throw argumentError('dims', `the axes 1 to ${x.rank - 1} in some order`, dims);
    return ops.transpose(x, [0, ...dims]);
  }
}

/**
 * A permute layer.
 * @param dims - The axes in their new order, counted from 1.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function permute(dims: readonly number[], options?: LayerOptions): Permute;
export function permute(config: PermuteConfig): Permute;
export function permute(...given: unknown[]): Permute {
  return new Permute(...(given as Given));
}
