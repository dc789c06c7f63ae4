/**
 * RMS normalization (Zhang and Sennrich 2019): each sample by the root of its mean square, without a mean.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { axis, type LayerOptions, nonNegative, type Table } from '../options.js';
import { alongAxis } from './channels.js';

/** Options of {@link RMSNormalization}. */
export interface RMSNormalizationOptions extends LayerOptions {
  /** Axis to normalize over. Default −1. */
  readonly axis?: number | undefined;
  /** Added to the mean square. Default 1e-6. */
  readonly epsilon?: number | undefined;
}

/** `s·x / √(mean x² + ε)` over `axis`, with a learned `s` of its size. Input and output have one shape. */
export class RMSNormalization extends Layer<RMSNormalizationOptions> {
  static override readonly className: string = 'RMSNormalization';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<RMSNormalizationOptions> = {
    axis: axis(-1),
    epsilon: nonNegative(1e-6),
  };
  #scale!: Weight;

  #axisOf(shape: Shape): number {
    const { axis } = this.options;
    const at = axis < 0 ? axis + shape.length : axis;
    if (at >= 0 && at < shape.length) return at;
    throw argumentError('axis', `an axis of an input of rank ${shape.length}`, axis);
  }

  override build(inputShape: Shape): void {
    const shape = [inputShape[this.#axisOf(inputShape)] ?? null];
    this.#scale = this.addWeight('scale', { shape, initializer: 'ones' });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const axis = this.#axisOf(x.shape);
    const { epsilon } = this.options;
    const inverse = ops.rsqrt(ops.add(ops.mean(ops.square(x), { axis, keepdims: true }), epsilon));
    return ops.mul(ops.mul(x, inverse), alongAxis(this.#scale, x, axis));
  }
}

/**
 * An RMS normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const rmsNormalization = (options?: RMSNormalizationOptions): RMSNormalization =>
  new RMSNormalization(options);
