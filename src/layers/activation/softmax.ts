/**
 * Softmax: scores as probabilities.
 */
import * as activations from '../../activations/index.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { along } from '../../ops/masks.js';
import { Layer } from '../layer.js';
import { axis, type LayerOptions, type Table } from '../options.js';

/** Options of {@link Softmax}. */
export interface SoftmaxOptions extends LayerOptions {
  /** Axis of the probabilities. Default −1. */
  readonly axis?: number | undefined;
}

/** `eˣ / Σeˣ` along an axis. Input and output have one shape. */
export class Softmax extends Layer<SoftmaxOptions> {
  static override readonly className: string = 'Softmax';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<SoftmaxOptions> = { axis: axis(-1) };

  override call(x: SymbolicTensor): SymbolicTensor {
    if (!x.mask) return activations.softmax(x, this.options.axis);
    // What does not count has no share, even where nothing counts.
    const counts = along(x.mask, x, 'mask');
    const scores = ops.where(counts, x, -1e9);
    return ops.where(counts, activations.softmax(scores, this.options.axis), 0);
  }
}

/**
 * A softmax layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const softmax = (options?: SoftmaxOptions): Softmax => new Softmax(options);
