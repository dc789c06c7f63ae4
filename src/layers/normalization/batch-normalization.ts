/**
 * Batch normalization (Ioffe & Szegedy 2015), as Keras has it: biased variance, for the moving average too.
 */
import { floating } from '../../core/apply.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import type { InitializerIdentifier } from '../../initializers/identifier.js';
import { EPSILON } from '../../losses/labels.js';
import * as ops from '../../ops/index.js';
import { along } from '../../ops/masks.js';
import { Layer } from '../layer.js';
import {
  axis,
  boolean,
  fraction,
  initializer,
  type LayerOptions,
  nonNegative,
  type ScaleOptions,
  scaled,
  type Table,
} from '../options.js';
import { channelAxis } from './channels.js';
import { corrections, type RenormClipping, renormClipping } from './renormalization.js';

/** Options of {@link BatchNormalization}. */
export interface BatchNormalizationOptions extends LayerOptions, ScaleOptions {
  /** Axis of the channels. Default −1. */
  readonly axis?: number | undefined;
  /** Weight of the past in the moving statistics, in [0, 1]. Default 0.99. */
  readonly momentum?: number | undefined;
  /** Added to the variance. Default 1e-3. */
  readonly epsilon?: number | undefined;
  /** Initial moving mean. Default `zeros`. */
  readonly movingMeanInitializer?: InitializerIdentifier | undefined;
  /** Initial moving variance. Default `ones`. */
  readonly movingVarianceInitializer?: InitializerIdentifier | undefined;
  /** Batch renormalization (Ioffe 2017): batches are corrected towards moving statistics. Default false. */
  readonly renorm?: boolean | undefined;
  /** Bounds of the corrections. Default none. */
  readonly renormClipping?: RenormClipping | undefined;
  /** Weight of the past in the statistics that batches are corrected towards, in [0, 1]. Default 0.99. */
  readonly renormMomentum?: number | undefined;
}

/** What batch renormalization keeps. */
interface Renormalized {
  /** The standard deviation behind the moving variance. */
  readonly moving: Weight;
  /** The mean that batches are corrected towards. */
  readonly mean: Weight;
  /** The standard deviation that they are corrected towards. */
  readonly stddev: Weight;
}

/**
 * `γ·(x − μ)/√(σ² + ε) + β` for each channel: the batch's mean and biased variance in training, moving ones
 * otherwise. `trainable = false` also makes it use, and keep, the moving statistics while training. Input and output
 * have one shape, all weights `[channels]`.
 */
export class BatchNormalization extends Layer<BatchNormalizationOptions> {
  static override readonly className: string = 'BatchNormalization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<BatchNormalizationOptions> = {
    axis: axis(-1),
    momentum: fraction(0.99),
    epsilon: nonNegative(1e-3),
    ...scaled,
    movingMean: { initializer: initializer('zeros') },
    movingVariance: { initializer: initializer('ones') },
    renorm: boolean(false),
    renormClipping,
    renormMomentum: fraction(0.99),
  };
  #gamma: Weight | undefined;
  #beta: Weight | undefined;
  #mean!: Weight;
  #variance!: Weight;
  #renorm: Renormalized | undefined;

  override build(inputShape: Shape): void {
    const shape = [inputShape[channelAxis(this.options.axis, inputShape)] ?? null];
    const { scale, center, gamma, beta, movingMean, movingVariance } = this.options;
    if (scale) this.#gamma = this.addWeight('gamma', { shape, ...gamma });
    if (center) this.#beta = this.addWeight('beta', { shape, ...beta });
    this.#mean = this.addWeight('moving_mean', { shape, ...movingMean, trainable: false });
    this.#variance = this.addWeight('moving_variance', { shape, ...movingVariance, trainable: false });
    if (!this.options.renorm) return;
    const stddev = (name: string): Weight => {
      const weight = this.addWeight(name, { shape, ...movingVariance, trainable: false });
      weight.write(weight.read().data.map(Math.sqrt));
      return weight;
    };
    const moving = stddev('moving_stddev');
    const mean = this.addWeight('renorm_mean', { shape, ...movingMean, trainable: false });
    this.#renorm = { moving, mean, stddev: stddev('renorm_stddev') };
  }

  override call(given: SymbolicTensor): SymbolicTensor {
    const x = floating(Trace.running, given);
    const axis = channelAxis(this.options.axis, x.shape);
    return this.isTraining && this.trainable ? this.#byBatch(x, axis) : this.#byMovingStatistics(x, axis);
  }

  #byBatch(x: SymbolicTensor, axis: number): SymbolicTensor {
    const trace = Trace.running;
    const { epsilon, scale, center } = this.options;
    // The kernel normalizes the last axis; another one is carried there and back.
    const order = Array.from({ length: x.rank }, (_, i) => i);
    [order[axis], order[x.rank - 1]] = [x.rank - 1, axis];
    const isLast = axis === x.rank - 1;
    if (x.mask) return this.#masked(x, x.mask, axis);
    const last = isLast ? x : ops.transpose(x, order);
    if (this.options.renorm) {
      const plain = { epsilon, scale: false, center: false };
      const [normal, mean, variance] = trace.emit('batchNorm', [last], plain);
      const y = this.#renormalized(normal, mean, variance, (of) => of);
      return isLast ? y : ops.transpose(y, order);
    }
    const learned = [this.#gamma, this.#beta].filter((w) => w !== undefined).map((w) => trace.value(w));
    const [y, mean, variance] = trace.emit('batchNorm', [last, ...learned], { epsilon, scale, center });
    this.#follow(this.#mean, mean);
    this.#follow(this.#variance, variance);
    return isLast ? y : ops.transpose(y, order);
  }

  /** By the steps of the batch that count. */
  #masked(x: SymbolicTensor, mask: SymbolicTensor, axis: number): SymbolicTensor {
    const axes = Array.from({ length: x.rank }, (_, i) => i).filter((i) => i !== axis);
    const over = (of: SymbolicTensor): SymbolicTensor => ops.sum(of, { axis: axes, keepdims: true });
    const counts = ops.mul(ops.cast(along(mask, x), 'float32'), ops.onesLike(x));
    const number = ops.add(over(counts), EPSILON);
    const mean = ops.div(over(ops.mul(x, counts)), number);
    const centered = ops.sub(x, mean);
    const variance = ops.div(over(ops.mul(ops.square(centered), counts)), number);
    const vector = (of: SymbolicTensor): SymbolicTensor => ops.reshape(of, this.#mean.shape as number[]);
    const channels = mean.shape.map((size, i) => (i === axis ? (size as number) : 1));
    const y = ops.mul(centered, ops.rsqrt(ops.add(variance, this.options.epsilon)));
    if (this.options.renorm)
      return this.#renormalized(y, vector(mean), vector(variance), (of) => ops.reshape(of, channels));
    this.#follow(this.#mean, vector(mean));
    this.#follow(this.#variance, vector(variance));
    const scaled = this.#gamma ? ops.mul(y, ops.reshape(this.#gamma, channels)) : y;
    return this.#beta ? ops.add(scaled, ops.reshape(this.#beta, channels)) : scaled;
  }

  /** What is normalized by the batch, corrected towards moving statistics; `over` spreads vectors over the channels. */
  #renormalized(
    y: SymbolicTensor,
    ofBatch: SymbolicTensor,
    variance: SymbolicTensor,
    over: (of: SymbolicTensor) => SymbolicTensor,
  ): SymbolicTensor {
    const trace = Trace.running;
    const { epsilon, renormClipping, renormMomentum } = this.options;
    const { moving, mean, stddev } = this.#renorm as Renormalized;
    const batch = { mean: ofBatch, stddev: ops.sqrt(ops.add(variance, epsilon)) };
    const towards = { mean: trace.value(mean), stddev: trace.value(stddev) };
    const [r, d] = corrections(batch, towards, renormClipping, epsilon);
    this.#follow(this.#mean, batch.mean);
    const next = this.#follow(moving, batch.stddev);
    this.assign(this.#variance, ops.relu(ops.sub(ops.square(next), epsilon)));
    this.#follow(mean, batch.mean, renormMomentum);
    this.#follow(stddev, batch.stddev, renormMomentum);
    const scaled = (of: SymbolicTensor): SymbolicTensor => (this.#gamma ? ops.mul(of, this.#gamma) : of);
    const offset = this.#beta ? ops.add(scaled(d), this.#beta) : scaled(d);
    return ops.add(ops.mul(y, over(scaled(r))), over(offset));
  }

  #byMovingStatistics(x: SymbolicTensor, axis: number): SymbolicTensor {
    const trace = Trace.running;
    const vector = (weight: Weight | undefined, value: number): SymbolicTensor =>
      weight ? trace.value(weight) : ops.broadcastTo(trace.value(value), this.#mean.shape);
    const learned = [vector(this.#gamma, 1), vector(this.#beta, 0)];
    const inputs = [x, ...learned, trace.value(this.#mean), trace.value(this.#variance)];
    return trace.emit('batchNormInference', inputs, { epsilon: this.options.epsilon, axis })[0];
  }

  #follow(moving: Weight, batch: SymbolicTensor, momentum: number = this.options.momentum): SymbolicTensor {
    const next = ops.add(ops.mul(moving, momentum), ops.mul(batch, 1 - momentum));
    this.assign(moving, next);
    return next;
  }
}

/**
 * A batch normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const batchNormalization = (options?: BatchNormalizationOptions): BatchNormalization =>
  new BatchNormalization(options);
