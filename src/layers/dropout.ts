/**
 * Dropout (Srivastava et al. 2014): zeroes a share of its input while training, and scales up the rest.
 */
import { options as checkOptions, rate as checkRate, integer } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import * as ops from '../ops/index.js';
import { LAYER_OPTIONS, Layer, type LayerOptions, merge } from './layer.js';

/** Options of {@link Dropout}. */
export interface DropoutOptions extends LayerOptions {
  /** Shape of the mask; `null` takes the input's size, 1 shares the mask along an axis. */
  readonly noiseShape?: readonly (number | null)[] | null | undefined;
  /** Number of a random stream of its own. */
  readonly seed?: number | null | undefined;
}

/** Config of {@link Dropout}. */
export interface DropoutConfig extends DropoutOptions {
  /** Share of zeroed elements, in [0, 1). */
  readonly rate: number;
}

/** Zeroes a share `rate` of the input in training and multiplies the rest by `1 / (1 − rate)`; else the identity. */
export class Dropout extends Layer {
  static override readonly className: string = 'Dropout';
  readonly rate: number;
  readonly noiseShape: readonly (number | null)[] | undefined;
  readonly seed: number | undefined;

  constructor(given: DropoutConfig) {
    super(given);
    const config = checkOptions('dropout', given, [...LAYER_OPTIONS, 'rate', 'noiseShape', 'seed']);
    this.rate = checkRate('rate', config.rate);
    this.seed = config.seed == null ? undefined : integer('seed', config.seed, 0);
    this.noiseShape = config.noiseShape ?? undefined;
    const bad = (d: number | null): boolean => d !== null && !(Number.isInteger(d) && d > 0);
    if (this.noiseShape && (!Array.isArray(this.noiseShape) || this.noiseShape.some(bad))) {
      throw argumentError('noiseShape', 'a list of sizes and null', config.noiseShape);
    }
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    if (!this.isTraining || this.rate === 0) return x;
    const trace = Trace.current as Trace;
    const stream = trace.stream(this.seed);
    if (!this.noiseShape) return trace.emit('dropout', [x], { rate: this.rate, stream })[0] as SymbolicTensor;
    if (this.noiseShape.length !== x.rank) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `noiseShape has ${this.noiseShape.length} axes, the input ${x.rank}`,
      );
    }
    const shape = this.noiseShape.map((d) => d ?? -2);
    const [mask] = trace.emit('dropoutMask', [x], { rate: this.rate, stream, shape });
    return ops.mul(x, mask as SymbolicTensor);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), rate: this.rate, noiseShape: this.noiseShape, seed: this.seed };
  }
}

/**
 * A dropout layer.
 * @param rate Share of zeroed elements, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it.
 */
export function dropout(rate: number, options?: DropoutOptions): Dropout;
export function dropout(config: DropoutConfig): Dropout;
export function dropout(rate: number | DropoutConfig, options?: DropoutOptions): Dropout {
  return new Dropout(merge<DropoutConfig>({ rate }, options));
}
