/**
 * Dropout (Srivastava et al. 2014): zeroes a share of its input while training, and scales up the rest.
 */
import { floating } from '../../core/apply.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { Layer } from '../layer.js';
import { type LayerOptions, type RandomOptions, random, rate, type Table } from '../options.js';
import { droppedAlong, type NoiseShapeOptions, noiseShape } from './noise-shape.js';

/** Options of {@link Dropout}. */
export interface DropoutOptions extends LayerOptions, NoiseShapeOptions, RandomOptions {}

/** Config of {@link Dropout}. */
export interface DropoutConfig extends DropoutOptions {
  /** Share of zeroed elements, in [0, 1). */
  readonly rate: number;
}

type Given = [rate: number, options?: DropoutOptions] | [config: DropoutConfig];

/**
 * Zeroes a share `rate` of the input in training and multiplies the rest by `1 / (1 − rate)`; else the identity. Input
 * and output have one shape.
 */
export class Dropout extends Layer<DropoutConfig, Given> {
  static override readonly className: string = 'Dropout';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<DropoutConfig> = {
    rate: rate(),
    noiseShape,
    ...random,
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { rate, noiseShape, seed } = this.options;
    if (!this.isTraining || rate === 0) return x;
    if (noiseShape) return droppedAlong(x, noiseShape, rate, seed);
    const trace = Trace.running;
    return trace.emit('dropout', [floating(trace, x)], { rate, stream: trace.stream(seed) })[0];
  }
}

/**
 * A dropout layer.
 * @param rate - Share of zeroed elements, in [0, 1).
 * @throws {RidgelineError} `ERR_ARGUMENT` for a rate outside it.
 */
export function dropout(rate: number, options?: DropoutOptions): Dropout;
export function dropout(config: DropoutConfig): Dropout;
export function dropout(...given: unknown[]): Dropout {
  return new Dropout(...(given as Given));
}
