/**
 * Batch normalization (Ioffe & Szegedy 2015), as Keras has it: biased variance, for the moving average too.
 */
import { boolean, options as checkOptions, integer, nonNegative, number } from '../core/check.js';
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

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends LayerOptions {
  /** Axis of the channels. Default −1. */
  readonly axis?: number | undefined;
  /** Weight of the past in the moving statistics. Default 0.99. */
  readonly momentum?: number | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number | undefined;
  /** Adds a learned β. Default true. */
  readonly center?: boolean | undefined;
  /** Multiplies by a learned γ. Default true. */
  readonly scale?: boolean | undefined;
  readonly betaInitializer?: InitializerIdentifier | undefined;
  readonly gammaInitializer?: InitializerIdentifier | undefined;
  readonly movingMeanInitializer?: InitializerIdentifier | undefined;
  readonly movingVarianceInitializer?: InitializerIdentifier | undefined;
  readonly betaRegularizer?: RegularizerIdentifier | undefined;
  readonly gammaRegularizer?: RegularizerIdentifier | undefined;
}

const OPTIONS = [
  ...LAYER_OPTIONS,
  'axis',
  'momentum',
  'epsilon',
  'center',
  'scale',
  'betaInitializer',
  'gammaInitializer',
  'movingMeanInitializer',
  'movingVarianceInitializer',
  'betaRegularizer',
  'gammaRegularizer',
] as const;

/**
 * `γ·(x − μ)/√(σ² + ε) + β` for each channel: the batch's mean and biased variance in training, moving ones
 * otherwise. `trainable = false` also makes it use, and keep, the moving statistics while training.
 */
export class BatchNormalization extends Layer {
  static override readonly className: string = 'BatchNormalization';
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly center: boolean;
  readonly scale: boolean;
  #initializers: Record<'beta' | 'gamma' | 'movingMean' | 'movingVariance', Initializer>;
  #regularizers: Record<'beta' | 'gamma', Regularizer | undefined>;
  #gamma: Weight | undefined;
  #beta: Weight | undefined;
  #mean!: Weight;
  #variance!: Weight;

  constructor(config: BatchNormalizationOptions = {}) {
    super(config);
    checkOptions('batchNormalization', config, OPTIONS);
    this.axis = integer('axis', config.axis ?? -1, Number.MIN_SAFE_INTEGER);
    this.momentum = number('momentum', config.momentum ?? 0.99, 'in [0, 1]', (m) => m >= 0 && m <= 1);
    this.epsilon = nonNegative('epsilon', config.epsilon ?? 1e-3);
    this.center = boolean('center', config.center ?? true);
    this.scale = boolean('scale', config.scale ?? true);
    this.#initializers = {
      beta: getInitializer('betaInitializer', config.betaInitializer ?? 'zeros'),
      gamma: getInitializer('gammaInitializer', config.gammaInitializer ?? 'ones'),
      movingMean: getInitializer('movingMeanInitializer', config.movingMeanInitializer ?? 'zeros'),
      movingVariance: getInitializer('movingVarianceInitializer', config.movingVarianceInitializer ?? 'ones'),
    };
    this.#regularizers = {
      beta: getRegularizer('betaRegularizer', config.betaRegularizer),
      gamma: getRegularizer('gammaRegularizer', config.gammaRegularizer),
    };
  }

  #axisOf(shape: Shape): number {
    const axis = this.axis < 0 ? this.axis + shape.length : this.axis;
    if (axis < 1 || axis >= shape.length)
      throw argumentError('axis', `an axis of an input of rank ${shape.length} behind the batch`, this.axis);
    return axis;
  }

  override build(inputShape: Shape): void {
    const shape = [inputShape[this.#axisOf(inputShape)] ?? null];
    const { gamma, beta, movingMean, movingVariance } = this.#initializers;
    if (this.scale) {
      this.#gamma = this.addWeight('gamma', {
        shape,
        initializer: gamma,
        regularizer: this.#regularizers.gamma,
      });
    }
    if (this.center) {
      this.#beta = this.addWeight('beta', { shape, initializer: beta, regularizer: this.#regularizers.beta });
    }
    this.#mean = this.addWeight('moving_mean', { shape, initializer: movingMean, trainable: false });
    this.#variance = this.addWeight('moving_variance', {
      shape,
      initializer: movingVariance,
      trainable: false,
    });
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const trace = Trace.current as Trace;
    const axis = this.#axisOf(x.shape);
    if (this.isTraining && this.trainable) {
      // The kernel normalizes the last axis; another one is carried there and back.
      const order = Array.from({ length: x.rank }, (_, i) => i);
      [order[axis], order[x.rank - 1]] = [x.rank - 1, axis];
      const moved = axis === x.rank - 1 ? x : ops.transpose(x, order);
      const inputs = [
        moved,
        ...[this.#gamma, this.#beta].filter((w) => w !== undefined).map((w) => trace.value(w)),
      ];
      const attributes = { epsilon: this.epsilon, scale: this.scale, center: this.center };
      const [y, mean, variance] = trace.emit('batchNorm', inputs, attributes) as [
        SymbolicTensor,
        SymbolicTensor,
        SymbolicTensor,
      ];
      this.#follow(this.#mean, mean);
      this.#follow(this.#variance, variance);
      return axis === x.rank - 1 ? y : ops.transpose(y, order);
    }
    const vector = (weight: Weight | undefined, value: number): SymbolicTensor =>
      weight ? trace.value(weight) : ops.broadcastTo(trace.value(value), this.#mean.shape);
    const inputs = [
      x,
      vector(this.#gamma, 1),
      vector(this.#beta, 0),
      trace.value(this.#mean),
      trace.value(this.#variance),
    ];
    return trace.emit('batchNormInference', inputs, { epsilon: this.epsilon, axis })[0] as SymbolicTensor;
  }

  #follow(moving: Weight, batch: SymbolicTensor): void {
    const past = ops.mul(moving, this.momentum);
    this.assign(moving, ops.add(past, ops.mul(batch, 1 - this.momentum)));
  }

  override getConfig(): Record<string, unknown> {
    const { beta, gamma, movingMean, movingVariance } = this.#initializers;
    return {
      ...super.getConfig(),
      axis: this.axis,
      momentum: this.momentum,
      epsilon: this.epsilon,
      center: this.center,
      scale: this.scale,
      betaInitializer: beta.getConfig(),
      gammaInitializer: gamma.getConfig(),
      movingMeanInitializer: movingMean.getConfig(),
      movingVarianceInitializer: movingVariance.getConfig(),
      betaRegularizer: regularizerConfig('betaRegularizer', this.#regularizers.beta),
      gammaRegularizer: regularizerConfig('gammaRegularizer', this.#regularizers.gamma),
    };
  }
}

/** A batch normalization layer. */
export const batchNormalization = (options?: BatchNormalizationOptions): BatchNormalization =>
  new BatchNormalization(options);
