/**
 * Repeat vector: each sample several times, as a sequence.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import { shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { integer, type LayerOptions, type Table } from '../options.js';

/** Config of {@link RepeatVector}. */
export interface RepeatVectorConfig extends LayerOptions {
  /** How often. */
  readonly n: number;
}

type Given = [n: number, options?: LayerOptions] | [config: RepeatVectorConfig];

/** `[batch, features]` becomes `[batch, n, features]`. */
export class RepeatVector extends Layer<RepeatVectorConfig, Given> {
  static override readonly className: string = 'RepeatVector';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<RepeatVectorConfig> = { n: integer(1) };

  override call(x: SymbolicTensor): SymbolicTensor {
    if (x.rank !== 2) throw shapeError('inputs', '[batch, features]', shapeText(x.shape));
    return ops.broadcastTo(ops.expandDims(x, 1), [null, this.options.n, null]);
  }
}

/**
 * A repeat vector layer.
 * @param n - How often.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function repeatVector(n: number, options?: LayerOptions): RepeatVector;
export function repeatVector(config: RepeatVectorConfig): RepeatVector;
export function repeatVector(...given: unknown[]): RepeatVector {
  return new RepeatVector(...(given as Given));
}
