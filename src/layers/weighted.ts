/**
 * What has weights: its own and those of the layers inside it, which are read, written and frozen together.
 */
import { Callable } from '../core/callable.js';
import { boolean } from '../core/check.js';
import { Tensor, type TensorInput } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';
import { guard, native } from '../native.js';
import { Freezing } from './freezing.js';
import { createWeight, type WeightOptions, writeAll } from './weights.js';

/** See the module documentation. */
export abstract class Weighted extends Callable {
  readonly #freezing: Freezing;
  readonly #weights: Weight[] = [];

  constructor(trainable: boolean) {
    super();
    this.#freezing = new Freezing(trainable);
  }

  /** Name within the model. */
  abstract get name(): string;

  /** What is inside it. */
  abstract get layers(): Weighted[];

  /** @internal The same, with their names in it. */
  abstract namedLayers(): (readonly [layer: Weighted, name: string])[];

  /** Weights in Keras' order: own trainable ones, own others, then those of inner layers. */
  get weights(): Weight[] {
    return this.variables.filter((weight) => !weight.isCarried);
  }

  /** The same, with states that go from batch to batch (`stateful`) in their places. */
  get variables(): Weight[] {
    const own = [...this.#weights.filter((w) => w.trainable), ...this.#weights.filter((w) => !w.trainable)];
    return [...new Set([...own, ...this.layers.flatMap((layer) => layer.variables)])];
  }

  /** Weights that training changes; none of a layer that is not trainable. */
  get trainableWeights(): Weight[] {
    return this.trainable ? [...new Set(this.#unfrozen())] : [];
  }

  /** The other ones: statistics that the layer keeps, and all that a layer has that is not trainable. */
  get nonTrainableWeights(): Weight[] {
    const trained = new Set(this.trainableWeights);
    return this.weights.filter((weight) => !trained.has(weight));
  }

  /** Weights of the layers that are trainable, among this one and those inside it. */
  #unfrozen(): Weight[] {
    const own = this.trainable ? this.#weights.filter((w) => w.trainable) : [];
    return [...own, ...this.layers.flatMap((layer) => layer.#unfrozen())];
  }

  /**
   * False freezes the layer: its weights take no gradient and cost no penalty, and normalizations use and keep their
   * moving statistics. Assigned, it holds for all layers inside too, those found later included, until one of them is
   * assigned something else; as an option it holds for this layer alone. The next step heeds it.
   */
  get trainable(): boolean {
    return this.#freezing.isTrainable;
  }
  set trainable(value: boolean) {
    this.#freezing.assign(boolean('trainable', value));
    for (const layer of this.layers) layer.#follow(this.#freezing);
  }

  /** Takes an assignment to a layer around this one, and hands it on. */
  #follow(around: Freezing): void {
    this.#freezing.follow(around);
    for (const layer of this.layers) layer.#follow(around);
  }

  /** @internal True if `other` is somewhere inside this layer. */
  holds(other: Weighted): boolean {
    return this.layers.some((layer) => layer === other || layer.holds(other));
  }

  /** @internal Hands what was assigned to this layer on to one that is found inside it. */
  protected found(layer: Weighted): void {
    layer.#follow(this.#freezing);
  }

  /** Number of elements of all weights. */
  countParams(): number {
    return this.weights.reduce((sum, w) => sum + w.shape.reduce((a, b) => a * b, 1), 0);
  }

  /** Copies of all weights, in the order of {@link Weighted.weights}; all of one moment between two training steps. */
  getWeights(): Tensor<'float32'>[] {
    const variables = this.weights.map((w) => w.variable);
    const found = guard(() => native.readVariables(variables)).map((t) => Tensor.fromNative(t));
    return found as Tensor<'float32'>[];
  }

  /**
   * Replaces all weights.
   * @throws {RidgelineError} `ERR_ARGUMENT` for another number of weights, `ERR_SHAPE` for another shape,
   *   `ERR_NON_FINITE` for NaN or infinity. Nothing is written unless all fit.
   */
  setWeights(values: readonly TensorInput[]): void {
    writeAll(this.name, this.weights, values);
  }

  /**
   * Sets the states that go from batch to batch, of stateful layers inside too, back to zeros: between two batches where
   * the model is being trained or used.
   */
  resetState(): void {
    const carried = this.variables.filter((w) => w.isCarried);
    const zeros = carried.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)));
    const variables = carried.map((w) => w.variable);
    guard(() => native.writeVariables(variables, zeros));
  }

  /**
   * Creates a weight; to be called in `build`.
   * @throws {RidgelineError} `ERR_SHAPE` for unknown or bad sizes, `ERR_MEMORY` when it is too large, `ERR_ARGUMENT` for a
   *   name that another one of the layer has.
   */
  protected addWeight(name: string, options: WeightOptions): Weight {
    if (this.#weights.some((weight) => weight.name === name))
      throw argumentError('name', `one that no other weight of layer '${this.name}' has`, name);
    const weight = createWeight(this.name, name, options);
    this.#weights.push(weight);
    return weight;
  }

  /** @internal Forgets its own weights: the next build begins from nothing. */
  protected forgetWeights(): void {
    this.#weights.length = 0;
  }

  /** @internal All weights by where they stand in it; `path` is where it stands itself, if it is in something. */
  weightPaths(path = ''): [weight: Weight, path: string][] {
    const within = (name: string): string => (path ? `${path}/${name}` : name);
    const own = this.#weights.map((weight): [Weight, string] => [weight, within(weight.name)]);
    return [...own, ...this.namedLayers().flatMap(([layer, name]) => layer.weightPaths(within(name)))];
  }

  /** @internal Says where in its model it stands; the names of weights follow. */
  locate(path: string): void {
    for (const [weight, at] of this.weightPaths(path)) {
      weight.path = at;
      weight.variable.rename(at);
    }
  }
}
