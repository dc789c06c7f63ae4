/**
 * Layer normalization (Ba et al. 2016): each sample by its own mean and biased variance.
 */
import { boolean, options as checkOptions, nonNegative } from '../core/check.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import type { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';
import { getInitializer, type InitializerIdentifier } from '../initializers/identifier.js';
import type { Initializer } from '../initializers/initializer.js';
import * as ops from '../ops/index.js';
import {
  getRegularizer,
  type Regularizer,
  type RegularizerIdentifier,
  regularizerConfig,
} from '../regularizers/regularizer.js';
import { LAYER_OPTIONS, Layer, type LayerOptions } from './layer.js';

/** Options of {@link LayerNormalization}. */
export interface LayerNormalizationOptions extends LayerOptions {
  /** Axis or axes to normalize over. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number | undefined;
  /** Adds a learned β. Default true. */
  readonly center?: boolean | undefined;
  /** Multiplies by a learned γ. Default true. */
  readonly scale?: boolean | undefined;
  readonly betaInitializer?: InitializerIdentifier | undefined;
  readonly gammaInitializer?: InitializerIdentifier | undefined;
  readonly betaRegularizer?: RegularizerIdentifier | undefined;
  readonly gammaRegularizer?: RegularizerIdentifier | undefined;
}

const OPTIONS = [
  ...LAYER_OPTIONS,
  'axis',
  'epsilon',
  'center',
  'scale',
  'betaInitializer',
  'gammaInitializer',
  'betaRegularizer',
  'gammaRegularizer',
] as const;

/** `γ·(x − μ)/√(σ² + ε) + β`, with μ and σ² of each sample over `axis`. */
export class LayerNormalization extends Layer {
  static override readonly className: string = 'LayerNormalization';
  readonly axis: number | readonly number[];
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  #initializers: Record<'beta' | 'gamma', Initializer>;
  #regularizers: Record<'beta' | 'gamma', Regularizer | undefined>;
  #gamma: Weight | undefined;
  #beta: Weight | undefined;

  constructor(config: LayerNormalizationOptions = {}) {
    super(config);
    checkOptions('layerNormalization', config, OPTIONS);
    this.axis = config.axis ?? -1;
    const axes = typeof this.axis === 'number' ? [this.axis] : this.axis;
    if (!Array.isArray(axes) || axes.length === 0 || axes.some((a) => !Number.isInteger(a))) {
      throw argumentError('axis', 'an integer or a list of integers', config.axis);
    }
    this.epsilon = nonNegative('epsilon', config.epsilon ?? 1e-3);
    this.center = boolean('center', config.center ?? true);
    this.scale = boolean('scale', config.scale ?? true);
    this.#initializers = {
      beta: getInitializer('betaInitializer', config.betaInitializer ?? 'zeros'),
      gamma: getInitializer('gammaInitializer', config.gammaInitializer ?? 'ones'),
    };
    this.#regularizers = {
      beta: getRegularizer('betaRegularizer', config.betaRegularizer),
      gamma: getRegularizer('gammaRegularizer', config.gammaRegularizer),
    };
  }

  #axesOf(shape: Shape): number[] {
    const rank = shape.length;
    const axes = (typeof this.axis === 'number' ? [this.axis] : this.axis).map((a) => (a < 0 ? a + rank : a));
    if (axes.some((a) => a < 0 || a >= rank) || new Set(axes).size !== axes.length) {
      throw argumentError('axis', `axes of an input of rank ${rank}, each once`, this.axis);
    }
    return axes.sort((a, b) => a - b);
  }

  override build(inputShape: Shape): void {
    const shape = this.#axesOf(inputShape).map((a) => inputShape[a] ?? null);
    if (this.scale) {
      const regularizer = this.#regularizers.gamma;
      this.#gamma = this.addWeight('gamma', { shape, initializer: this.#initializers.gamma, regularizer });
    }
    if (this.center) {
      const regularizer = this.#regularizers.beta;
      this.#beta = this.addWeight('beta', { shape, initializer: this.#initializers.beta, regularizer });
    }
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const trace = Trace.current as Trace;
    const axes = this.#axesOf(x.shape);
    // The kernel normalizes one last axis: bring the axes there, merge them, and undo both.
    const kept = Array.from({ length: x.rank }, (_, i) => i).filter((i) => !axes.includes(i));
    const order = [...kept, ...axes];
    const inOrder = order.every((a, i) => a === i);
    const moved = inOrder ? x : ops.transpose(x, order);
    const merged = axes.length === 1 ? moved : ops.reshape(moved, [...moved.shape.slice(0, kept.length), -1]);
    const flat = (w: Weight): SymbolicTensor => ops.reshape(trace.value(w), [-1]);
    const inputs = [merged, ...[this.#gamma, this.#beta].filter((w) => w !== undefined).map(flat)];
    const attributes = { epsilon: this.epsilon, scale: this.scale, center: this.center };
    const [y] = trace.emit('layerNorm', inputs, attributes) as [SymbolicTensor];
    const split = axes.length === 1 ? y : (trace.emit('reshapeLike', [y, moved])[0] as SymbolicTensor);
    return inOrder
      ? split
      : ops.transpose(
          split,
          order.map((_, i) => order.indexOf(i)),
        );
  }

  override getConfig(): Record<string, unknown> {
    return {
      ...super.getConfig(),
      axis: this.axis,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: this.#initializers.beta.getConfig(),
      gammaInitializer: this.#initializers.gamma.getConfig(),
      betaRegularizer: regularizerConfig('betaRegularizer', this.#regularizers.beta),
      gammaRegularizer: regularizerConfig('gammaRegularizer', this.#regularizers.gamma),
    };
  }
}

/** A layer normalization layer. */
export const layerNormalization = (options?: LayerNormalizationOptions): LayerNormalization =>
  new LayerNormalization(options);
