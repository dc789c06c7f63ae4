/**
 * Alpha dropout (Klambauer et al. 2017): dropout for `selu`, which keeps mean and variance of its input.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, type RandomOptions, random, rate, type Table } from '../options.js';
import { type NoiseShapeOptions, noiseShape, noiseShapeOf } from './noise-shape.js';

/** Options of {@link AlphaDropout}. */
export interface AlphaDropoutOptions extends LayerOptions, NoiseShapeOptions, RandomOptions {}

/** Config of {@link AlphaDropout}. */
export interface AlphaDropoutConfig extends AlphaDropoutOptions {
  /** Share of elements that become α′, in [0, 1). */
  readonly rate: number;
}

type Given = [rate: number, options?: AlphaDropoutOptions] | [config: AlphaDropoutConfig];

/** −λα of `selu`: what it tends to far below 0. */
const FAR_BELOW = -1.0507009873554805 * 1.6732632423543772;

/**
 * `a·x′ + b` in training, where a share `rate` of the elements of x′ is α′ = −λα and the others are those of `x`, and a and
 * b keep mean 0 and variance 1; else the identity. Input and output have one shape.
 */
export class AlphaDropout extends Layer<AlphaDropoutConfig, Given> {
  static override readonly className: string = 'AlphaDropout';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<AlphaDropoutConfig> = {
    rate: rate(),
    noiseShape,
    ...random,
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { rate, noiseShape, seed } = this.options;
    if (!this.isTraining || rate === 0) return x;
    const trace = Trace.running;
    const shape = noiseShapeOf(noiseShape ?? x.shape.map(() => null), x.rank);
    const [mask] = trace.emit('dropoutMask', [x], { rate, stream: trace.stream(seed), shape });
    const a = ((1 - rate) * (1 + rate * FAR_BELOW ** 2)) ** -0.5;
    const b = -a * FAR_BELOW * rate;
    return ops.add(ops.mul(ops.where(ops.greater(mask, 0), x, FAR_BELOW), a), b);
  }
}

/**
 * A layer of alpha dropout.
 * @param rate - Share of elements that it takes, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it, or bad options.
 */
export function alphaDropout(rate: number, options?: AlphaDropoutOptions): AlphaDropout;
export function alphaDropout(config: AlphaDropoutConfig): AlphaDropout;
export function alphaDropout(...given: unknown[]): AlphaDropout {
  return new AlphaDropout(...(given as Given));
}
