/**
 * Softmax: scores as probabilities.
 */
import * as activations from '../../activations/index.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { along } from '../../ops/masks.js';
import { Layer } from '../layer.js';
import { axes, type LayerOptions, type Table } from '../options.js';

/** Options of {@link Softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** Axis of the probabilities, or axes over which they sum to 1 together. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
}

/** `eˣ / Σeˣ` along an axis or several. Input and output have one shape. */
export class Softmax extends Layer<SoftmaxOptions> {
  static override readonly className: string = 'Softmax';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<SoftmaxOptions> = { axis: axes(-1) };

  override call(x: SymbolicTensor): SymbolicTensor {
    if (!x.mask) return this.#shares(x);
    // What does not count has no share, even where nothing counts.
    const counts = along(x.mask, x, 'mask');
    const scores = ops.where(counts, x, -1e9);
    return ops.where(counts, this.#shares(scores), 0);
  }

  #shares(x: SymbolicTensor): SymbolicTensor {
    const { axis } = this.options;
    if (typeof axis === 'number') return activations.softmax(x, axis);
    return ops.exp(ops.sub(x, ops.logSumExp(x, { axis, keepdims: true })));
  }
}

/**
 * A softmax layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const softmax = (options?: SoftmaxOptions): Softmax => new Softmax(options);
