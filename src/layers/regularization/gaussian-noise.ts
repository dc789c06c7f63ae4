/**
 * Gaussian noise: random numbers added to the input while training, as augmentation of data.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nonNegative, type RandomOptions, random, type Table } from '../options.js';

/** Options of {@link GaussianNoise}. */
export interface GaussianNoiseOptions extends LayerOptions, RandomOptions {}

/** Config of {@link GaussianNoise}. */
export interface GaussianNoiseConfig extends GaussianNoiseOptions {
  /** Standard deviation of the noise. */
  readonly stddev: number;
}

type Given = [stddev: number, options?: GaussianNoiseOptions] | [config: GaussianNoiseConfig];

/** `x + stddev·n` in training, with standard normal `n`; else the identity. Input and output have one shape. */
export class GaussianNoise extends Layer<GaussianNoiseConfig, Given> {
  static override readonly className: string = 'GaussianNoise';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GaussianNoiseConfig> = {
    stddev: nonNegative(),
    ...random,
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { stddev, seed } = this.options;
    if (!this.isTraining || stddev === 0) return x;
    return ops.add(x, ops.randomNormal(x, { stddev, seed }));
  }
}

/**
 * A layer of gaussian noise.
 * @param stddev - Standard deviation of the noise.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function gaussianNoise(stddev: number, options?: GaussianNoiseOptions): GaussianNoise;
export function gaussianNoise(config: GaussianNoiseConfig): GaussianNoise;
export function gaussianNoise(...given: unknown[]): GaussianNoise {
  return new GaussianNoise(...(given as Given));
}
