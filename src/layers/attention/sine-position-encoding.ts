/**
 * Sinusoidal positions: sines and cosines of the place, at wavelengths from 2π upwards (Vaswani et al. 2017, §3.5). Options
 * and formula are those of KerasHub's layer.
 */
import { numbersOf } from '../../core/elements.js';
import { positive } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, tensor } from '../../core/tensor.js';
import { Trace } from '../../core/trace.js';
import { shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds } from '../arguments.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { angles, POSITION_CALL_OPTIONS, type PositionCallOptions } from './places.js';

/** Options of {@link SinePositionEncoding}. */
export interface SinePositionEncodingOptions extends LayerOptions {
  /** The longest wavelength, over 2π. Default 10000. */
  readonly maxWavelength?: number | undefined;
}

/**
 * For x `[batch, …, time, d]`, of which the shape alone counts, the encoding of each place t in that shape: feature j is
 * `sin(t · maxWavelength^(−2⌊j/2⌋/d))` where j is even, the cosine of it where j is odd. To be added to x.
 */
export class SinePositionEncoding extends Layer<SinePositionEncodingOptions> {
  static override readonly className: string = 'SinePositionEncoding';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = POSITION_CALL_OPTIONS;
  static override readonly options: Table<SinePositionEncodingOptions> = { maxWavelength: positive(10_000) };

  override call(x: SymbolicTensor, options: PositionCallOptions = {}): SymbolicTensor {
    const { maxWavelength } = this.options;
    const size = x.shape.at(-1) ?? 0;
    if (x.rank < 3 || size === 0) throw shapeError('x', '[batch, …, time, features]', shapeText(x.shape));
    const each = (of: (feature: number) => number) => tensor(numbersOf('float32', size, of));
    const frequencies = each((j) => maxWavelength ** ((-2 * Math.floor(j / 2)) / size));
    let turns = angles(x, x.rank - 2, frequencies, options.positions);
    while (turns.rank < x.rank) turns = ops.expandDims(turns, 1);
    const odd = each((j) => j % 2);
    const encoding = ops.where(ops.equal(odd, 0), ops.sin(turns), ops.cos(turns));
    return Trace.running.emit('broadcastLike', [encoding, x])[0];
  }
}

/**
 * A layer of sinusoidal positions.
 *
 * @example
 * ```ts
 * const words = layers.embedding(1000, 32)(input({ shape: [null], dtype: 'int32' }));
 * const placed = layers.add()([words, layers.sinePositionEncoding()(words)]);
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const sinePositionEncoding = (options?: SinePositionEncodingOptions): SinePositionEncoding =>
  new SinePositionEncoding(options);
