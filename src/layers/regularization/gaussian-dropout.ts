/**
 * Gaussian dropout (Srivastava et al. 2014, section 10): multiplies by normal numbers whose mean is 1, and whose variance
 * is that of dropout's factors.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, type RandomOptions, random, rate, type Table } from '../options.js';

/** Options of {@link GaussianDropout}. */
export interface GaussianDropoutOptions extends LayerOptions, RandomOptions {}

/** Config of {@link GaussianDropout}. */
export interface GaussianDropoutConfig extends GaussianDropoutOptions {
  /** The rate of the dropout that it is like, in [0, 1). */
  readonly rate: number;
}

type Given = [rate: number, options?: GaussianDropoutOptions] | [config: GaussianDropoutConfig];

/**
 * `x·(1 + √(rate/(1 − rate))·n)` in training, with standard normal `n`; else the identity. Input and output have one
 * shape.
 */
export class GaussianDropout extends Layer<GaussianDropoutConfig, Given> {
  static override readonly className: string = 'GaussianDropout';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<GaussianDropoutConfig> = { rate: rate(), ...random };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { rate, seed } = this.options;
    if (!this.isTraining || rate === 0) return x;
    const deviation = Math.sqrt(rate / (1 - rate));
    return ops.mul(x, ops.randomNormal(x, { mean: 1, stddev: deviation, seed }));
  }
}

/**
 * A layer of gaussian dropout.
 * @param rate - The rate of the dropout that it is like, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it, or bad options.
 */
export function gaussianDropout(rate: number, options?: GaussianDropoutOptions): GaussianDropout;
export function gaussianDropout(config: GaussianDropoutConfig): GaussianDropout;
export function gaussianDropout(...given: unknown[]): GaussianDropout {
  return new GaussianDropout(...(given as Given));
}
