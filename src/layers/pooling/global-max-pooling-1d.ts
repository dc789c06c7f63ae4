/**
 * Global max pooling: the largest value over all steps that count.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { GlobalPooling1D, type GlobalPoolingOptions } from './pooling.js';

/** What masked steps are taken for. */
const LEAST = -3.4028234663852886e38;

/**
 * The largest value over time: input `[batch, time, channels]`, output `[batch, channels]`. Unlike in Keras, masked steps
 * do not count; where none does the output is 0.
 */
export class GlobalMaxPooling1D extends GlobalPooling1D {
  static override readonly className: string = 'GlobalMaxPooling1D';

  protected override pooled(
    x: SymbolicTensor,
    counts: SymbolicTensor | undefined,
    along: { readonly axis: number; readonly keepdims: boolean },
  ): SymbolicTensor {
    if (!counts) return ops.max(x, along);
    const largest = ops.max(ops.where(counts, x, LEAST), along);
    const some = ops.greater(ops.max(ops.cast(counts, 'float32'), along), 0);
    return ops.where(some, largest, 0);
  }
}

/**
 * A layer that gives the largest value over time.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const globalMaxPooling1d = (options?: GlobalPoolingOptions): GlobalMaxPooling1D =>
  new GlobalMaxPooling1D(options);
