/**
 * Global average pooling: the mean over all steps that count.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { lengthOf } from '../../ops/steps.js';
import { GlobalPooling1D, type GlobalPoolingOptions } from './pooling.js';

/** The mean over time: input `[batch, time, channels]`, output `[batch, channels]`. Masked steps do not count; of none it is 0. */
export class GlobalAveragePooling1D extends GlobalPooling1D {
  static override readonly className: string = 'GlobalAveragePooling1D';

  protected override pooled(
    x: SymbolicTensor,
    counts: SymbolicTensor | undefined,
    along: { readonly axis: number; readonly keepdims: boolean },
  ): SymbolicTensor {
    if (!counts && x.shape[along.axis]) return ops.mean(x, along);
    // Of no steps, or as many as there will be, the mean is 0, not NaN.
    if (!counts) {
      const steps = ops.maximum(ops.cast(lengthOf(x, along.axis), 'float32'), 1);
      return ops.div(ops.sum(x, along), steps);
    }
    const number = ops.sum(ops.cast(counts, 'float32'), along);
    // What does not count may be anything, even infinite; where no step counts the mean is 0, not NaN.
    const total = ops.sum(ops.where(counts, x, 0), along);
    return ops.div(total, ops.maximum(number, 1));
  }
}

/**
 * A layer that gives the mean over time.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const globalAveragePooling1d = (options?: GlobalPoolingOptions): GlobalAveragePooling1D =>
  new GlobalAveragePooling1D(options);
