/**
 * Sequential models: a list of layers, each fed by the one before.
 */
import { options as checkOptions } from '../core/check.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import { input } from '../layers/core/input.js';
import { Layer, type LayerOptions } from '../layers/layer.js';
import type {
  CompileOptions,
  KeysOf,
  Metrics,
  NoMetrics,
  OwnStepOptions,
  WeightedKeys,
} from './compile-options.js';
import { Model } from './model.js';

/**
 * A list of layers. The first element may be `layers.input(shape)`; without it the first data, or the first call,
 * says the shape.
 *
 * @example
 * ```ts
 * const model = new Sequential([layers.dense(16, { activation: 'relu' }), layers.dropout(0.2), layers.dense(1)]);
 * ```
 */
export class Sequential<K extends string = string> extends Model<K, SymbolicTensor> {
  static override readonly className: string = 'Sequential';
  readonly #list = new Set<Layer>();
  #input: SymbolicTensor | undefined;

  constructor(
    list: readonly (Layer | SymbolicTensor)[] = [],
    options?: Pick<LayerOptions, 'name' | 'trainable'>,
  ) {
    super(checkOptions('Sequential', options, ['name', 'trainable']) as never);
    if (!Array.isArray(list)) throw argumentError('layers', 'a list of layers', list);
    for (const layer of list) this.#push(layer);
    this.#join();
  }

  #push(layer: Layer | SymbolicTensor): void {
    if (
      layer instanceof SymbolicTensor &&
      layer.call === undefined &&
      this.#list.size === 0 &&
      !this.#input
    ) {
      this.#input = layer;
      return;
    }
    const place = `layers[${this.#list.size}]`;
    if (!(layer instanceof Layer)) throw argumentError(place, 'a layer', layer);
    if (this.#list.has(layer)) throw argumentError(place, 'a layer that is not in the model yet', layer.name);
    if ((layer as Layer) === this || (layer as Layer).holds(this))
      throw argumentError(place, 'another model than this one, which is not around it', layer.name);
    this.#list.add(layer);
    this.found(layer);
    // A model that knows its input says that of the list that it begins.
    if (!this.#input && this.#list.size === 1 && layer instanceof Model && layer.isConnected) {
      const { shape, dtype } = layer.inputs[0] as SymbolicTensor;
      const [batchSize, ...sizes] = shape;
      this.#input = input(sizes, { dtype, batchSize });
    }
  }

  /** Connects the layers, all anew since what is inside one may have changed; nothing changes unless all fit. */
  #join(): void {
    if (!this.#input || this.#list.size === 0) return;
    let output = this.#input;
    for (const layer of this.#list) {
      layer.forgetCalls();
      output = layer.invoke([output]) as SymbolicTensor;
    }
    this.connect([this.#input], [output]);
  }

  /** True if it is connected and what is inside its layers stays as it is. */
  get #isSettled(): boolean {
    const isModel = (layer: Layer): boolean => layer instanceof Model || layer.layers.some(isModel);
    return this.isConnected && ![...this.#list].some(isModel);
  }

  /** Connects one more layer to the output. */
  #append(layer: Layer): void {
    const [output] = this.outputs as readonly [SymbolicTensor];
    layer.forgetCalls();
    this.connect([this.#input as SymbolicTensor], [layer.invoke([output]) as SymbolicTensor]);
  }

  /**
   * Appends a layer.
   * @throws {RidgelineError} `ERR_ARGUMENT` for anything else, `ERR_SHAPE` when it does not connect, `ERR_BUSY` while a
   *   fit runs, `ERR_DISPOSED`.
   */
  add(layer: Layer | SymbolicTensor): this {
    this.checkIdle();
    this.#push(layer);
    try {
      if (layer instanceof Layer && this.#isSettled) this.#append(layer);
      else this.#join();
    } catch (error) {
      if (layer instanceof Layer) this.#list.delete(layer);
      throw error;
    }
    return this;
  }

  /**
   * Takes the last layer away, and gives it.
   * @throws {RidgelineError} `ERR_ARGUMENT` where it is the only one, `ERR_BUSY` while a fit runs, `ERR_DISPOSED`.
   */
  pop(): Layer {
    this.checkIdle();
    const last = [...this.#list].at(-1);
    if (!last || this.#list.size === 1)
      throw new RidgelineError('ERR_ARGUMENT', `model '${this.name}' has no layer that can be taken away`);
    this.#list.delete(last);
    this.#join();
    return last;
  }

  /** As {@link Model.compile}. */
  override compile<
    const M extends Metrics = readonly [],
    const W extends Metrics = readonly [],
    const L extends string = never,
  >(options: OwnStepOptions<M, W, L>): Sequential<KeysOf<M> | WeightedKeys<M, W> | L>;
  override compile(options: CompileOptions<readonly [], readonly []> & NoMetrics): Sequential<never>;
  override compile<const M extends Metrics, const W extends Metrics = readonly []>(
    options: CompileOptions<M, W>,
  ): Sequential<KeysOf<M> | WeightedKeys<M, W>>;
  override compile(options: CompileOptions | OwnStepOptions): Sequential {
    super.compile(options as CompileOptions);
    return this;
  }

  /** @internal */
  protected override get learnsInput(): boolean {
    return true;
  }

  /** @internal */
  protected override get missing(): string {
    return 'input yet: begin it with layers.input(shape), or fit it first';
  }

  override get layers(): Layer[] {
    return [...this.#list];
  }

  override ready(shape: readonly (number | null)[]): void {
    super.ready([]);
    if (this.#input || this.#list.size === 0) return;
    if (shape.length === 0) throw argumentError('x', 'rows along a first axis', shapeText(shape));
    this.#input = input(shape.length === 1 ? [1] : shape.slice(1));
    this.#join();
  }
}
