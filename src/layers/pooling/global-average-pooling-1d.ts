/**
 * Global average pooling: the mean over all steps that count.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { boolean, type Table } from '../options.js';
import { dataFormat, type GlobalPoolingOptions } from './pooling.js';

/** The mean over time: input `[batch, time, channels]`, output `[batch, channels]`. Masked steps do not count. */
export class GlobalAveragePooling1D extends Layer<GlobalPoolingOptions> {
  static override readonly className: string = 'GlobalAveragePooling1D';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GlobalPoolingOptions> = { dataFormat, keepdims: boolean(false) };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { dataFormat, keepdims } = this.options;
    const axis = dataFormat === 'channelsLast' ? 1 : 2;
    if (!x.mask) return ops.mean(x, { axis, keepdims });
    const counts = ops.expandDims(x.mask, dataFormat === 'channelsLast' ? 2 : 1);
    const number = ops.sum(ops.cast(counts, 'float32'), { axis, keepdims });
    // What does not count may be anything, even infinite; where no step counts the mean is 0, not NaN.
    const total = ops.sum(ops.where(counts, x, 0), { axis, keepdims });
    return ops.div(total, ops.maximum(number, 1));
  }
}

/**
 * A layer that gives the mean over time.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const globalAveragePooling1d = (options?: GlobalPoolingOptions): GlobalAveragePooling1D =>
  new GlobalAveragePooling1D(options);
