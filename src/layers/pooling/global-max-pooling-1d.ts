/**
 * Global max pooling: the largest value over all steps that count.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { boolean, type Table } from '../options.js';
import { dataFormat, type GlobalPoolingOptions } from './pooling.js';

/** What masked steps are taken for. */
const LEAST = -3.4028234663852886e38;

/**
 * The largest value over time: input `[batch, time, channels]`, output `[batch, channels]`. Unlike in Keras, masked steps
 * do not count; where none does the output is 0.
 */
export class GlobalMaxPooling1D extends Layer<GlobalPoolingOptions> {
  static override readonly className: string = 'GlobalMaxPooling1D';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GlobalPoolingOptions> = { dataFormat, keepdims: boolean(false) };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { dataFormat, keepdims } = this.options;
    const axis = dataFormat === 'channelsLast' ? 1 : 2;
    if (!x.mask) return ops.max(x, { axis, keepdims });
    const counts = ops.expandDims(x.mask, dataFormat === 'channelsLast' ? 2 : 1);
    const largest = ops.max(ops.where(counts, x, LEAST), { axis, keepdims });
    const some = ops.greater(ops.max(ops.cast(counts, 'float32'), { axis, keepdims }), 0);
    return ops.where(some, largest, 0);
  }
}

/**
 * A layer that gives the largest value over time.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const globalMaxPooling1d = (options?: GlobalPoolingOptions): GlobalMaxPooling1D =>
  new GlobalMaxPooling1D(options);
