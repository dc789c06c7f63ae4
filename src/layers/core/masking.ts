/**
 * Masking: steps of one value throughout stand for nothing, such as padding.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, number, type Table } from '../options.js';

/** Options of {@link Masking}. */
export interface MaskingOptions extends LayerOptions {
  /** The value. Default 0. */
  readonly maskValue?: number | undefined;
}

/**
 * Says by a mask which steps count: those of input `[batch, time, features]` in which some feature is another than
 * `maskValue`. The features of the others become 0.
 */
export class Masking extends Layer<MaskingOptions> {
  static override readonly className: string = 'Masking';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<MaskingOptions> = { maskValue: number(0) };

  #counts(x: SymbolicTensor, keepdims: boolean): SymbolicTensor {
    const differs = ops.cast(ops.notEqual(x, this.options.maskValue), 'float32');
    return ops.greater(ops.max(differs, { axis: -1, keepdims }), 0);
  }

  /** Where some feature is another than `maskValue`. */
  override computeMask([x]: readonly SymbolicTensor[]): SymbolicTensor {
    return this.#counts(x as SymbolicTensor, false);
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.where(this.#counts(x, true), x, 0);
  }
}

/**
 * A masking layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const masking = (options?: MaskingOptions): Masking => new Masking(options);
