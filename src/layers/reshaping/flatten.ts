/**
 * Flatten: each sample as a vector.
 */
import { oneOf } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';

/** Options of {@link Flatten}. */
export interface FlattenOptions extends LayerOptions {
  /** Where the channels of the input stand; vectors have them last in either case. Default `'channelsLast'`. */
  readonly dataFormat?: 'channelsLast' | 'channelsFirst' | undefined;
}

/** Merges all axes behind the batch: `[batch, a, b]` becomes `[batch, a·b]`, `[batch]` becomes `[batch, 1]`. */
export class Flatten extends Layer<FlattenOptions> {
  static override readonly className: string = 'Flatten';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<FlattenOptions> = {
    dataFormat: oneOf(['channelsLast', 'channelsFirst'], 'channelsLast'),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const isFirst = this.options.dataFormat === 'channelsFirst' && x.rank > 2;
    const behind = Array.from({ length: x.rank - 2 }, (_, i) => i + 2);
    return ops.reshape(isFirst ? ops.transpose(x, [0, ...behind, 1]) : x, [null, -1]);
  }
}

/**
 * A flatten layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const flatten = (options?: FlattenOptions): Flatten => new Flatten(options);
