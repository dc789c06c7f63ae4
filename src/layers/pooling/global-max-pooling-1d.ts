/**
 * Global max pooling: the largest value over all steps that count.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import { GlobalPooling1D, type GlobalPoolingOptions } from './pooling.js';

/** What masked steps are taken for. */
const LEAST = -3.4028234663852886e38;

/** The largest along an axis; of no steps 0. */
const largest = (
  x: SymbolicTensor,
  { axis, keepdims }: { readonly axis: number; readonly keepdims: boolean },
): SymbolicTensor => Trace.running.emit('max', [x], { axes: [axis], keepdims, empty: 0 })[0];

/**
 * The largest value over time: input `[batch, time, channels]`, output `[batch, channels]`. Unlike in Keras, masked steps
 * do not count; where none does, and of no steps, the output is 0.
 */
export class GlobalMaxPooling1D extends GlobalPooling1D {
  static override readonly className: string = 'GlobalMaxPooling1D';

  protected override pooled(
    x: SymbolicTensor,
    counts: SymbolicTensor | undefined,
    along: { readonly axis: number; readonly keepdims: boolean },
  ): SymbolicTensor {
    if (!counts) return largest(x, along);
    const some = ops.greater(largest(ops.cast(counts, 'float32'), along), 0);
    return ops.where(some, largest(ops.where(counts, x, LEAST), along), 0);
  }
}

/**
 * A layer that gives the largest value over time.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const globalMaxPooling1d = (options?: GlobalPoolingOptions): GlobalMaxPooling1D =>
  new GlobalMaxPooling1D(options);
