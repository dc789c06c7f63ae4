/**
 * Layer normalization (Ba et al. 2016): each sample by its own mean and biased variance.
 */
import { floating } from '../../core/apply.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { axes, type LayerOptions, nonNegative, type ScaleOptions, scaled, type Table } from '../options.js';

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends LayerOptions, ScaleOptions {
  /** Axis or axes to normalize over. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number | undefined;
}

/**
 * `γ·(x − μ)/√(σ² + ε) + β`, with μ and σ² of each sample over `axis`. Input and output have one shape; γ and β have
 * the sizes of the axes.
 */
export class LayerNormalization extends Layer<LayerNormalizationOptions> {
  static override readonly className: string = 'LayerNormalization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<LayerNormalizationOptions> = {
    axis: axes(-1),
    epsilon: nonNegative(1e-3),
    ...scaled,
  };
  #gamma: Weight | undefined;
  #beta: Weight | undefined;

  #axesOf(shape: Shape): number[] {
    const rank = shape.length;
    const axes = [this.options.axis].flat().map((a) => (a < 0 ? a + rank : a));
    if (axes.some((a) => a < 0 || a >= rank) || new Set(axes).size !== axes.length) {
      throw argumentError('axis', `axes of an input of rank ${rank}, each once`, this.options.axis);
    }
    return axes.sort((a, b) => a - b);
  }

  override build(inputShape: Shape): void {
    const shape = this.#axesOf(inputShape).map((a) => inputShape[a] ?? null);
    const { scale, center, gamma, beta } = this.options;
    if (scale) this.#gamma = this.addWeight('gamma', { shape, ...gamma });
    if (center) this.#beta = this.addWeight('beta', { shape, ...beta });
  }

  override call(given: SymbolicTensor): SymbolicTensor {
    const trace = Trace.running;
    const x = floating(trace, given);
    const { epsilon, scale, center } = this.options;
    const axes = this.#axesOf(x.shape);
    // The kernel normalizes one last axis: bring the axes there, merge them, and undo both.
    const kept = Array.from({ length: x.rank }, (_, i) => i).filter((i) => !axes.includes(i));
    const order = [...kept, ...axes];
    const inOrder = order.every((a, i) => a === i);
    const moved = inOrder ? x : ops.transpose(x, order);
    const merged = axes.length === 1 ? moved : ops.reshape(moved, [...moved.shape.slice(0, kept.length), -1]);
    const flat = (w: Weight): SymbolicTensor => ops.reshape(trace.value(w), [-1]);
    const inputs = [merged, ...[this.#gamma, this.#beta].filter((w) => w !== undefined).map(flat)];
    const [y] = trace.emit('layerNorm', inputs, { epsilon, scale, center });
    const split = axes.length === 1 ? y : trace.emit('reshapeLike', [y, moved])[0];
    if (inOrder) return split;
    const back = order.map((_, i) => order.indexOf(i));
    return ops.transpose(split, back);
  }
}

/**
 * A layer normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const layerNormalization = (options?: LayerNormalizationOptions): LayerNormalization =>
  new LayerNormalization(options);
