/**
 * Layers that bring data into range: Normalization, Rescaling.
 */
import { boolean, options as checkOptions, number } from '../core/check.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import { shapeText, type Tensor, type TensorInput, tensor } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError } from '../errors.js';
import * as ops from '../ops/index.js';
import { LAYER_OPTIONS, Layer, type LayerOptions, merge } from './layer.js';

/** Options of {@link Normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** Axis or axes with statistics of their own; `null` for one mean of all. Default −1. */
  readonly axis?: number | readonly number[] | null | undefined;
  /** Mean, instead of `adapt`. */
  readonly mean?: number | readonly number[] | undefined;
  /** Variance, instead of `adapt`. */
  readonly variance?: number | readonly number[] | undefined;
  /** Undoes the normalization. Default false. */
  readonly invert?: boolean | undefined;
}

/** Keras' epsilon: the smallest standard deviation that is divided by. */
const EPSILON = 1e-7;

/** `(x − mean) / max(√variance, 1e-7)`, with given statistics or those of `adapt`. */
export class Normalization extends Layer {
  static override readonly className: string = 'Normalization';
  readonly axis: number | readonly number[] | null;
  readonly invert: boolean;
  readonly #given: { mean: readonly number[]; variance: readonly number[] } | undefined;
  #mean: Weight | Tensor | undefined;
  #variance: Weight | Tensor | undefined;
  #adapted = false;

  constructor(config: NormalizationOptions = {}) {
    super(config);
    checkOptions('normalization', config, [...LAYER_OPTIONS, 'axis', 'mean', 'variance', 'invert']);
    this.axis = config.axis === undefined ? -1 : config.axis;
    this.invert = boolean('invert', config.invert ?? false);
    if ((config.mean === undefined) !== (config.variance === undefined)) {
      throw argumentError('mean and variance', 'given together', {
        mean: config.mean,
        variance: config.variance,
      });
    }
    if (config.mean !== undefined && config.variance !== undefined) {
      const list = (x: number | readonly number[]): readonly number[] =>
        typeof x === 'number' ? [x] : ([...x].flat(8) as number[]);
      this.#given = { mean: list(config.mean), variance: list(config.variance) };
      this.#given.mean.forEach((m) => {
        number('mean', m);
      });
      this.#given.variance.forEach((v) => {
        number('variance', v, 'a finite number ≥ 0', (n) => n >= 0);
      });
    }
  }

  #axesOf(rank: number): number[] {
    if (this.axis === null) return [];
    const axes = (typeof this.axis === 'number' ? [this.axis] : this.axis).map((a) => (a < 0 ? a + rank : a));
    if (axes.some((a) => !Number.isInteger(a) || a < 1 || a >= rank)) {
      throw argumentError('axis', `axes of an input of rank ${rank} behind the batch`, this.axis);
    }
    return axes.sort((a, b) => a - b);
  }

  override build(inputShape: Shape): void {
    const shape = this.#axesOf(inputShape.length).map((a) => inputShape[a] ?? null);
    // As in Keras, statistics that were given are constants, not weights.
    this.#mean =
      this.#constant('mean', shape) ??
      this.addWeight('mean', { shape, initializer: 'zeros', trainable: false });
    this.#variance =
      this.#constant('variance', shape) ??
      this.addWeight('variance', { shape, initializer: 'ones', trainable: false });
  }

  #constant(name: 'mean' | 'variance', shape: Shape): Tensor | undefined {
    const values = this.#given?.[name];
    if (!values) return undefined;
    const size = shape.reduce<number>((a, b) => a * (b ?? Number.NaN), 1);
    if (Number.isNaN(size) || (values.length !== 1 && values.length !== size)) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `${name} has ${values.length} values, expected one for each of ${shapeText(shape)}`,
      );
    }
    const spread = Float32Array.from({ length: size }, (_, i) => values[i % values.length] as number);
    return tensor(spread, { shape: shape as number[] });
  }

  /**
   * Takes mean and biased variance from data, `[samples, …]`.
   * @throws {RidgelineError} `ERR_SHAPE` for data without samples or of another shape.
   */
  adapt(data: TensorInput): void {
    if (this.#given)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `layer '${this.name}' was given mean and variance and cannot adapt`,
      );
    const x = tensor(data, { dtype: 'float32' });
    if (x.rank < 1 || x.size === 0)
      throw new RidgelineError('ERR_SHAPE', `adapt expects samples, received shape [${x.shape.join(', ')}]`);
    const bad = x.data.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new RidgelineError('ERR_NON_FINITE', `adapt: data has ${x.data[bad]} at element ${bad}`, {
        layer: this.name,
        argument: 'data',
      });
    }
    if (!this.built) {
      this.build([null, ...x.shape.slice(1)]);
      this.built = true;
    }
    const axes = this.#axesOf(x.rank);
    const cells = axes.reduce((n, a) => n * (x.shape[a] as number), 1);
    if (cells !== (this.#mean as Weight).shape.reduce((a, b) => a * b, 1)) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `adapt: data of shape [${x.shape.join(', ')}] does not fit layer '${this.name}'`,
      );
    }
    const strides = x.shape.map((_, i) => x.shape.slice(i + 1).reduce((a, b) => a * b, 1));
    const cellOf = (at: number): number =>
      axes.reduce(
        (cell, a) =>
          cell * (x.shape[a] as number) + (Math.floor(at / (strides[a] as number)) % (x.shape[a] as number)),
        0,
      );
    const mean = new Float64Array(cells);
    const variance = new Float64Array(cells);
    const count = x.size / cells;
    x.data.forEach((value: number, at: number) => {
      mean[cellOf(at)] = (mean[cellOf(at)] as number) + value / count;
    });
    x.data.forEach((value: number, at: number) => {
      const cell = cellOf(at);
      variance[cell] = (variance[cell] as number) + (value - (mean[cell] as number)) ** 2 / count;
    });
    (this.#mean as Weight).write(tensor(Float32Array.from(mean), { shape: (this.#mean as Weight).shape }));
    (this.#variance as Weight).write(
      tensor(Float32Array.from(variance), { shape: (this.#variance as Weight).shape }),
    );
    this.#adapted = true;
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const axes = this.#axesOf(x.rank);
    const known = (this.#mean as Weight | Tensor).shape;
    if (axes.some((a, i) => x.shape[a] !== known[i])) {
      const message = `it has statistics of shape ${shapeText(known)} along axis ${axes.join(', ')}, received ${shapeText(x.shape)}`;
      throw new RidgelineError('ERR_SHAPE', message, { received: x.shape });
    }
    const shape = x.shape.map((size, i) => (axes.includes(i) ? (size as number) : 1));
    const mean = ops.reshape(this.#mean as Weight | Tensor, axes.length ? shape : []);
    const deviation = ops.maximum(
      ops.sqrt(ops.reshape(this.#variance as Weight | Tensor, axes.length ? shape : [])),
      EPSILON,
    );
    if (this.invert) return ops.add(mean, ops.mul(x, deviation));
    return ops.div(ops.sub(x, mean), deviation);
  }

  /** True once the layer has statistics. */
  get adapted(): boolean {
    return this.#adapted || this.#given !== undefined;
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis, invert: this.invert, ...this.#given };
  }
}

/** A normalization layer. */
export const normalization = (options?: NormalizationOptions): Normalization => new Normalization(options);

/** Options of {@link Rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** Added after scaling. Default 0. */
  readonly offset?: number | undefined;
}

/** Config of {@link Rescaling}. */
export interface RescalingConfig extends RescalingOptions {
  /** The factor. */
  readonly scale: number;
}

/** `x·scale + offset`. */
export class Rescaling extends Layer {
  static override readonly className: string = 'Rescaling';
  readonly scale: number;
  readonly offset: number;

  constructor(given: RescalingConfig) {
    super(given);
    const config = checkOptions('rescaling', given, [...LAYER_OPTIONS, 'scale', 'offset']);
    this.scale = number('scale', config.scale);
    this.offset = number('offset', config.offset ?? 0);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.mul(x, this.scale), this.offset);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), scale: this.scale, offset: this.offset };
  }
}

/** A rescaling layer. */
export function rescaling(scale: number | RescalingConfig, options?: RescalingOptions): Rescaling {
  return new Rescaling(merge<RescalingConfig>({ scale }, options));
}
