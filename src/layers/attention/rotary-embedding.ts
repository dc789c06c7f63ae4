/**
 * Rotary positions: pairs of features turned by an angle that grows with the place, so that products of queries and keys
 * depend on how far they are apart (Su et al. 2021, RoFormer). Options and formula are those of KerasHub's layer.
 */
import { numbersOf } from '../../core/elements.js';
import { positive } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type Tensor, tensor } from '../../core/tensor.js';
import { argumentError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds } from '../arguments.js';
import { Layer } from '../layer.js';
import { axis, type LayerOptions, type Table } from '../options.js';
import { angles, POSITION_CALL_OPTIONS, type PositionCallOptions } from './places.js';

/** Options of {@link RotaryEmbedding}. */
export interface RotaryEmbeddingOptions extends LayerOptions {
  /** Places for a whole turn of the slowest pair, over 2π. Default 10000. */
  readonly maxWavelength?: number | undefined;
  /** What all frequencies are divided by, for sequences longer than those of training. Default 1. */
  readonly scalingFactor?: number | undefined;
  /** Axis of time. Default 1. */
  readonly sequenceAxis?: number | undefined;
  /** Axis of the features, of which there is an even number. Default −1. */
  readonly featureAxis?: number | undefined;
}

/**
 * Turns feature i and feature i + d/2 of d, at place t, by the angle `t · maxWavelength^(−2i/d) / scalingFactor`. Input and
 * output have one shape, such as `[batch, time, heads, d]`; the axis of the batch is neither that of time nor of features.
 */
export class RotaryEmbedding extends Layer<RotaryEmbeddingOptions> {
  static override readonly className: string = 'RotaryEmbedding';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = POSITION_CALL_OPTIONS;
  static override readonly options: Table<RotaryEmbeddingOptions> = {
    maxWavelength: positive(10_000),
    scalingFactor: positive(1),
    sequenceAxis: axis(1),
    featureAxis: axis(-1),
  };

  override call(x: SymbolicTensor, options: PositionCallOptions = {}): SymbolicTensor {
    const time = this.#axis(x, 'sequenceAxis');
    const features = this.#axis(x, 'featureAxis');
    if (time === features) throw argumentError('featureAxis', 'another axis than sequenceAxis', features);
    const turns = angles(x, time, this.#frequencies(x, features), options.positions);
    const placed = along(turns, x.rank, time, features);
    const [sin, cos] = [ops.sin(placed), ops.cos(placed)];
    const [a, b] = ops.split(x, 2, features) as [SymbolicTensor, SymbolicTensor];
    const turned = [ops.sub(ops.mul(a, cos), ops.mul(b, sin)), ops.add(ops.mul(b, cos), ops.mul(a, sin))];
    return ops.concat(turned, features);
  }

  /** An axis behind the batch, counted from the front. */
  #axis(x: SymbolicTensor, option: 'sequenceAxis' | 'featureAxis'): number {
    const given = this.options[option];
    const at = given < 0 ? given + x.rank : given;
    if (at > 0 && at < x.rank) return at;
    throw argumentError(option, `an axis of ${shapeText(x.shape)} behind the batch`, given);
  }

  /** Of each pair, `[d / 2]`. */
  #frequencies(x: SymbolicTensor, axis: number): Tensor {
    const { maxWavelength, scalingFactor } = this.options;
    const size = x.shape[axis] ?? 0;
    if (size === 0 || size % 2 === 1)
      throw shapeError('x', `an even number of features along axis ${axis}`, shapeText(x.shape));
    return tensor(numbersOf('float32', size / 2, (i) => maxWavelength ** ((-2 * i) / size) / scalingFactor));
  }
}

/** `[rows, time, pairs]` as a tensor of `rank` axes with time and pairs at theirs. */
function along(turns: SymbolicTensor, rank: number, time: number, features: number): SymbolicTensor {
  let placed = time < features ? turns : ops.transpose(turns, [0, 2, 1]);
  for (let at = 1; at < rank; at++) if (at !== time && at !== features) placed = ops.expandDims(placed, at);
  return placed;
}

/**
 * A layer of rotary positions, for queries and keys before attention.
 *
 * @example
 * ```ts
 * const rotary = layers.rotaryEmbedding();
 * const turned = rotary(input({ shape: [null, 8, 64] })); // [batch, time, heads, features]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const rotaryEmbedding = (options?: RotaryEmbeddingOptions): RotaryEmbedding =>
  new RotaryEmbedding(options);
