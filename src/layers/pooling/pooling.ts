/**
 * What the pooling layers have in common.
 */
import { type Option, oneOf } from '../../core/options.js';
import type { LayerOptions } from '../options.js';

/** Where the channels of a tensor stand: behind the other axes, or before them. */
export type DataFormat = 'channelsLast' | 'channelsFirst';

/** Options of layers that pool all steps. */
export interface GlobalPoolingOptions extends LayerOptions {
  /** Whether the input is `[batch, time, channels]` or `[batch, channels, time]`. Default `'channelsLast'`. */
  readonly dataFormat?: DataFormat | undefined;
  /** Keeps the pooled axis, with size 1. Default false. */
  readonly keepdims?: boolean | undefined;
}

/** Where the channels stand. */
export const dataFormat: Option<DataFormat, false> = oneOf(['channelsLast', 'channelsFirst'], 'channelsLast');
