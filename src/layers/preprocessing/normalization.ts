/**
 * Normalization: brings features to mean 0 and variance 1, with statistics that are given or taken from data.
 */
import { type AdaptOptions, adaptTo, type Learning } from '../../core/adapting.js';
import type { BatchSource } from '../../core/batches.js';
import * as check from '../../core/check.js';
import { zeros } from '../../core/elements.js';
import { nonFinite } from '../../core/non-finite.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type Tensor, type TensorInput, tensor, tensorFrom } from '../../core/tensor.js';
import type { Work } from '../../core/turns.js';
import { Weight } from '../../core/weight.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { axes, boolean, type LayerOptions, nullable, option, type Table } from '../options.js';
import { type Moments, momentsOf } from './moments.js';

/** Options of {@link Normalization}. */
export interface NormalizationOptions extends LayerOptions {
  /** Axis or axes with statistics of their own; `null` for one mean of all. Default −1. */
  readonly axis?: number | readonly number[] | null | undefined;
  /** Mean, instead of `adapt`: one for all, or one for each index along the axes. */
  readonly mean?: number | readonly number[] | null | undefined;
  /** Variance, instead of `adapt`, in the same form. */
  readonly variance?: number | readonly number[] | null | undefined;
  /** Undoes the normalization. Default false. */
  readonly invert?: boolean | undefined;
}

/** Keras' epsilon: the smallest standard deviation that is divided by. */
const EPSILON = 1e-7;

/** One statistic or a list of them, each checked by `one`. */
const statistic = (one: (argument: string, given: unknown) => number) =>
  option((argument, given): number | readonly number[] => {
    if (typeof given === 'number') return [one(argument, given)];
    if (Array.isArray(given)) return given.flat(8).map((value) => one(argument, value));
    throw argumentError(argument, 'a number or a list of numbers', given);
  }, null);

/**
 * `(x − mean) / max(√variance, 1e-7)`, with given statistics or those of `adapt`. Input and output have one shape, the
 * statistics the sizes of the axes.
 */
export class Normalization extends Layer<NormalizationOptions> {
  static override readonly className: string = 'Normalization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<NormalizationOptions> = {
    axis: nullable(axes(-1)),
    mean: statistic((argument, given) => check.number(argument, given)),
    variance: statistic(check.nonNegative),
    invert: boolean(false),
  };
  #mean: Weight | Tensor | undefined;
  #variance: Weight | Tensor | undefined;
  #adapted = false;
  /** Calls of `adapt` under way. */
  #adapting = 0;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or a mean without a variance. */
  constructor(config?: NormalizationOptions) {
    super(config);
    const { mean, variance } = this.options;
    if ((mean === undefined) !== (variance === undefined))
      throw argumentError('mean and variance', 'given together', { mean, variance });
  }

  #axesOf(rank: number): number[] {
    const given = this.options.axis;
    if (given === undefined) return [];
    const axes = [given].flat().map((a) => (a < 0 ? a + rank : a));
    if (axes.some((a) => a < 1 || a >= rank) || new Set(axes).size < axes.length)
      throw argumentError('axis', `different axes of an input of rank ${rank} behind the batch`, given);
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
    const given = this.options[name];
    if (given === undefined) return undefined;
    const values = [given].flat();
    const size = shape.reduce<number>((a, b) => a * (b ?? Number.NaN), 1);
    if (Number.isNaN(size) || (values.length !== 1 && values.length !== size)) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `${name} has ${values.length} values, expected one for each of ${shapeText(shape)}`,
      );
    }
    const spread = zeros('float32', size).map((_, i) => values[i % values.length] as number);
    return tensor(spread, { shape: shape as number[] });
  }

  /**
   * Takes mean and biased variance from data, `[samples, …]`, or from batches of it. Large data is gone through in slices,
   * between which others have their turn: leave it as it is until then. What takes a few milliseconds is done when this
   * returns.
   * @throws {RidgelineError} `ERR_SHAPE` for data without samples or of another shape, `ERR_NON_FINITE` for NaN or
   *   infinity, `ERR_ARGUMENT` for bad options, what is no batch or none at all, and when the layer was given statistics.
   */
  adapt(data: TensorInput | BatchSource<TensorInput>, options?: AdaptOptions): Promise<void> {
    return adaptTo(data, options, () => this.#learning());
  }

  #learning(): Learning<TensorInput> {
    if (this.options.mean !== undefined) {
      const message = `layer '${this.name}' was given mean and variance and cannot adapt`;
      throw new RidgelineError('ERR_ARGUMENT', message);
    }
    const moments = (data: TensorInput, before?: Moments) => this.#moments(data, before);
    let all: Moments | undefined;
    this.#adapting++;
    return {
      *take(data) {
        all = yield* moments(data, all);
      },
      end: () => {
        this.#set(all as Moments);
        return undefined;
      },
      over: () => {
        this.#adapting--;
      },
    };
  }

  /** The moments of data, and of what came before it. */
  *#moments(data: TensorInput, before: Moments | undefined): Work<Moments> {
    const x = (yield* tensorFrom(data, 'float32')) as Tensor<'float32'>;
    if (x.rank < 1 || x.size === 0)
      throw new RidgelineError('ERR_SHAPE', `adapt expects samples, received shape ${shapeText(x.shape)}`);
    this.build([null, ...x.shape.slice(1)]);
    const axes = this.#axesOf(x.rank);
    const { shape } = this.#mean as Weight;
    if (axes.some((axis, i) => x.shape[axis] !== shape[i])) {
      const message = `adapt: data of shape ${shapeText(x.shape)} does not fit layer '${this.name}'`;
      throw new RidgelineError('ERR_SHAPE', message);
    }
    const moments = yield* momentsOf(x, axes, before);
    // What is not finite shows in the moments; the data is looked through only then.
    const finite = [moments.mean, moments.variance].every((of) => of.every(Number.isFinite));
    const bad = finite ? -1 : x.data.findIndex((value: number) => !Number.isFinite(value));
    if (bad >= 0) throw nonFinite('adapt: data', x, bad);
    return moments;
  }

  #set(moments: Moments): void {
    const [mean, variance] = [this.#mean as Weight, this.#variance as Weight];
    mean.write(tensor(Float32Array.from(moments.mean), { shape: mean.shape }));
    variance.write(tensor(Float32Array.from(moments.variance), { shape: variance.shape }));
    this.#adapted = true;
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    if (this.#adapting > 0) throw new RidgelineError('ERR_BUSY', 'it is being adapted: await that first');
    if (this.isTraining && !this.adapted)
      throw new RidgelineError('ERR_ARGUMENT', 'it has no statistics yet: adapt it before fit');
    const axes = this.#axesOf(x.rank);
    const [mean, variance] = [this.#mean as Weight | Tensor, this.#variance as Weight | Tensor];
    if (axes.some((a, i) => x.shape[a] !== mean.shape[i])) {
      const message = `it has statistics of shape ${shapeText(mean.shape)} along axis ${axes.join(', ')}, received ${shapeText(x.shape)}`;
      throw new RidgelineError('ERR_SHAPE', message, { received: x.shape });
    }
    const shape = axes.length ? x.shape.map((size, i) => (axes.includes(i) ? (size as number) : 1)) : [];
    const center = ops.reshape(mean, shape);
    const deviation = ops.maximum(ops.sqrt(ops.reshape(variance, shape)), EPSILON);
    if (this.options.invert) return ops.add(center, ops.mul(x, deviation));
    return ops.div(ops.sub(x, center), deviation);
  }

  /** True once the layer has statistics. */
  get adapted(): boolean {
    return this.#adapted || this.options.mean !== undefined || this.#hasStatistics();
  }

  /** True where its weights are not those it began with: they were written or loaded. */
  #hasStatistics(): boolean {
    const differs = (of: Weight | Tensor | undefined, from: number): boolean =>
      of instanceof Weight && of.read().data.some((value: number) => value !== from);
    return differs(this.#mean, 0) || differs(this.#variance, 1);
  }
}

/**
 * A normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const normalization = (options?: NormalizationOptions): Normalization => new Normalization(options);
