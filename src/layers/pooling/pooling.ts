/**
 * What the pooling layers have in common.
 */

import { needsAllSteps } from '../../core/decoding.js';
import { oneOf } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import { checkAxes } from '../input-axes.js';
import { Layer } from '../layer.js';
import { boolean, type LayerOptions, type Table } from '../options.js';

/** Where the channels of a tensor stand: behind the other axes, or before them. */
export type DataFormat = 'channelsLast' | 'channelsFirst';

/** Options of layers that pool all steps. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the input is `[batch, time, channels]` or `[batch, channels, time]`. Default `'channelsLast'`. */
  readonly dataFormat?: DataFormat | undefined;
  /** Keeps the pooled axis, with size 1. Default false. */
  readonly keepdims?: boolean | undefined;
}

/** One value of all steps: input `[batch, time, channels]`, output `[batch, channels]`. Masked steps do not count. */
export abstract class GlobalPooling1D extends Layer<GlobalPoolingOptions> {
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GlobalPoolingOptions> = {
    dataFormat: oneOf(['channelsLast', 'channelsFirst'], 'channelsLast'),
    keepdims: boolean(false),
  };

  /** The value along an axis, of the steps that count, or of all; the mask has an axis of channels, of size 1. */
  protected abstract pooled(
    x: SymbolicTensor,
    counts: SymbolicTensor | undefined,
    along: { readonly axis: number; readonly keepdims: boolean },
  ): SymbolicTensor;

  override build(inputShape: Shape): void {
    checkAxes(this.name, inputShape, ['batch', 'time', 'channels']);
  }

  /** It takes the mask up: there are no steps behind it. */
  override computeMask(): undefined {}

  override call(x: SymbolicTensor): SymbolicTensor {
    needsAllSteps(Trace.running, this.name);
    const { dataFormat, keepdims } = this.options;
    const [axis, channels] = dataFormat === 'channelsLast' ? [1, 2] : [2, 1];
    return this.pooled(x, x.mask && ops.expandDims(x.mask, channels), { axis, keepdims });
  }
}
