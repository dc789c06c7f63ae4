/**
 * Spatial dropout (Tompson et al. 2015): dropout of whole channels, for neighbours that say the same.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import { shapeError } from '../../errors.js';
import { Layer } from '../layer.js';
import { type LayerOptions, type RandomOptions, random, rate, type Table } from '../options.js';
import { droppedAlong } from './noise-shape.js';

/** Options of spatial dropout. */
export interface SpatialDropoutOptions extends LayerOptions, RandomOptions {}

/** Config of spatial dropout. */
export interface SpatialDropoutConfig extends SpatialDropoutOptions {
  /** Share of channels that are zeroed, in [0, 1). */
  readonly rate: number;
}

type Given = [rate: number, options?: SpatialDropoutOptions] | [config: SpatialDropoutConfig];

/** Zeroes a share `rate` of the channels, the last axis, of every sample in training; else the identity. */
abstract class SpatialDropout extends Layer<SpatialDropoutConfig, Given> {
  static override readonly takesOne: boolean = true;
  static override readonly supportsMasking: boolean = true;
  static override readonly options: Table<SpatialDropoutConfig> = { rate: rate(), ...random };
  /** Axes between batch and channels. */
  protected abstract readonly axes: number;

  override call(x: SymbolicTensor): SymbolicTensor {
    const { rate, seed } = this.options;
    if (x.rank !== this.axes + 2)
      throw shapeError('inputs', `${this.axes + 2} axes, channels last`, shapeText(x.shape));
    if (!this.isTraining || rate === 0) return x;
    return droppedAlong(x, [null, ...Array.from({ length: this.axes }, () => 1), null], rate, seed);
  }
}

/** Zeroes whole channels of `[batch, steps, channels]`; see {@link SpatialDropoutConfig}. */
export class SpatialDropout1D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout1D';
  protected override readonly axes: number = 1;
}

/**
 * A layer of dropout over whole sequences of one feature.
 * @param rate - Share of channels that are zeroed, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it, or bad options.
 */
export function spatialDropout1d(rate: number, options?: SpatialDropoutOptions): SpatialDropout1D;
export function spatialDropout1d(config: SpatialDropoutConfig): SpatialDropout1D;
export function spatialDropout1d(...given: unknown[]): SpatialDropout1D {
  return new SpatialDropout1D(...(given as Given));
}

/** Zeroes whole channels of `[batch, rows, columns, channels]`; see {@link SpatialDropoutConfig}. */
export class SpatialDropout2D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout2D';
  protected override readonly axes: number = 2;
}

/**
 * A layer of dropout over whole images of one channel.
 * @param rate - Share of channels that are zeroed, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it, or bad options.
 */
export function spatialDropout2d(rate: number, options?: SpatialDropoutOptions): SpatialDropout2D;
export function spatialDropout2d(config: SpatialDropoutConfig): SpatialDropout2D;
export function spatialDropout2d(...given: unknown[]): SpatialDropout2D {
  return new SpatialDropout2D(...(given as Given));
}

/** Zeroes whole channels of `[batch, x, y, z, channels]`; see {@link SpatialDropoutConfig}. */
export class SpatialDropout3D extends SpatialDropout {
  static override readonly className: string = 'SpatialDropout3D';
  protected override readonly axes: number = 3;
}

/**
 * A layer of dropout over whole volumes of one channel.
 * @param rate - Share of channels that are zeroed, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it, or bad options.
 */
export function spatialDropout3d(rate: number, options?: SpatialDropoutOptions): SpatialDropout3D;
export function spatialDropout3d(config: SpatialDropoutConfig): SpatialDropout3D;
export function spatialDropout3d(...given: unknown[]): SpatialDropout3D {
  return new SpatialDropout3D(...(given as Given));
}
