/**
 * What a model is apart from its verbs: a call graph from inputs to outputs, with names, layers and a seed.
 */
import { MOST_AXES } from '../core/nested.js';
import { nextSeed } from '../core/random.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import { shapeText, type TensorInput } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { Layer, type LayerOptions } from '../layers/layer.js';
import { CallGraph } from './call-graph.js';
import { Ending } from './ending.js';
import { checkInputNames, nameLayers, nameOutputs } from './naming.js';
import { list, type PerOutput, perOutput, type Tensors } from './one-or-several.js';

/** See the module documentation; `O` are the outputs. */
export abstract class ConnectedModel<O extends Tensors> extends Layer {
  #graph: CallGraph | undefined;
  /** @internal That it is disposed of, for who waits for data. */
  readonly end: Ending = new Ending();
  #seed = nextSeed();
  #inferences = 0;

  constructor(config?: LayerOptions) {
    super(config);
  }

  /** @internal Sets what the model computes; names its layers. */
  protected connect(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
    const graph = new CallGraph(inputs, outputs);
    checkInputNames(inputs);
    nameLayers(graph.layers);
    for (const layer of graph.layers) {
      layer.locate(layer.name);
      this.found(layer);
    }
    this.#graph = graph;
    this.built = true;
    this.#checkWeights();
  }

  /** @throws {RidgelineError} `ERR_ARGUMENT` where ops between layers use weights that are in none of the layers. */
  #checkWeights(): void {
    const known = new Set<object>(this.variables);
    for (const { label, weights = [] } of this.graph.calls) {
      if (weights.every((weight) => known.has(weight))) continue;
      const message = `ops.${label}, used between layers, has weights of a layer that the model does not have: put it into a Layer class`;
      throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'outputs' });
    }
  }

  /** @internal */
  override namedLayers(): (readonly [layer: Layer, name: string])[] {
    return this.layers.map((layer) => [layer, layer.name]);
  }

  /** @internal The call graph. */
  get graph(): CallGraph {
    this.checkAlive();
    if (this.#graph) return this.#graph;
    const details = { layer: this.name };
    throw new RidgelineError('ERR_ARGUMENT', `model '${this.name}' has no ${this.missing}`, details);
  }

  /** @internal True once it has a call graph. */
  get isConnected(): boolean {
    return this.#graph !== undefined;
  }

  /** @internal True where it may be made without inputs and outputs, since data tells them. */
  protected get learnsInput(): boolean {
    return false;
  }

  /** @internal What a model without a call graph lacks, and where it comes from. */
  protected get missing(): string {
    return 'inputs and outputs: pass { inputs, outputs }; a class with a `call` of its own is a Layer';
  }

  /** @internal Makes the model computable for data; sequential ones learn their input from it. */
  ready(_shape: Shape): void {
    this.checkAlive();
  }

  protected override buildByHand(inputShape: Shape): void {
    ConnectedModel.prototype.build.call(this, inputShape);
  }

  /**
   * Makes the model computable for inputs of a shape, batch included: sequential ones are connected for it unless they
   * are.
   * @throws {RidgelineError} `ERR_SHAPE` where it takes others.
   */
  override build(inputShape: Shape): void {
    const isSize = (d: unknown): boolean => d === null || (Number.isSafeInteger(d) && (d as number) > 0);
    if (!Array.isArray(inputShape) || inputShape.length > MOST_AXES || !Array.from(inputShape).every(isSize))
      throw argumentError('inputShape', 'a list of sizes ≥ 1 and null', inputShape);
    this.ready(inputShape);
    // A sequential model without layers has none yet; of several inputs one shape says nothing.
    const [expected, ...others] = this.isConnected ? this.inputs.map(({ shape }) => shape) : [];
    if (!expected || others.length > 0) return;
    const fits = (d: number | null, i: number): boolean =>
      i === 0 || d === null || inputShape[i] === null || d === inputShape[i];
    if (expected.length !== inputShape.length || !expected.every(fits))
      throw shapeError('inputShape', shapeText(expected), shapeText(inputShape));
  }

  /** @internal @throws {RidgelineError} `ERR_DISPOSED`. */
  checkAlive(): void {
    if (this.end.isTold)
      throw new RidgelineError('ERR_DISPOSED', `model '${this.name}' was disposed`, { layer: this.name });
  }

  /** Inputs. */
  get inputs(): readonly SymbolicTensor[] {
    return this.graph.inputs;
  }
  /** Outputs. */
  get outputs(): readonly SymbolicTensor[] {
    return this.graph.outputs;
  }
  /** Names of the inputs: those given, or `input`, `input_1`, …. */
  get inputNames(): string[] {
    return [...this.graph.inputNames];
  }
  /** Names of the outputs: of the layers that compute them, told apart from each other and from the inputs. */
  get outputNames(): string[] {
    return nameOutputs(this.outputs, this.inputNames);
  }
  /** Layers in Keras' order: those with the most between them and the outputs first. */
  override get layers(): Layer[] {
    return [...(this.#graph?.layers ?? [])];
  }
  override get variables(): Weight[] {
    this.checkAlive();
    return super.variables;
  }
  override get randomSeed(): number {
    return this.#seed;
  }
  /** @internal */
  override set randomSeed(seed: number) {
    this.#seed = seed;
  }

  /** @internal Counts an inference, apart from the steps of training. */
  nextInference(): number {
    return this.#inferences++;
  }

  /** What the model computes, as {@link Layer.call}: models are layers too. */
  override call(inputs: Tensors): PerOutput<O, SymbolicTensor> {
    return perOutput(this.graph.replay(list(inputs)));
  }

  /**
   * The layer of that name or index.
   * @throws {RidgelineError} `ERR_ARGUMENT` when there is none.
   */
  getLayer(of: string | number): Layer {
    const { layers } = this;
    const layer = typeof of === 'number' ? layers.at(of) : layers.find(({ name }) => name === of);
    if (layer) return layer;
    throw argumentError('layer', `one of ${layers.map((l) => l.name).join(', ') || '(none yet)'}`, of);
  }

  override setWeights(values: readonly TensorInput[]): void {
    this.graph;
    super.setWeights(values);
  }

  /** The model's name, and its layers with theirs. What connects them is in its file alone: `save` and `loadModel`. */
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layers: this.layers.map((layer) => layer.toJSON()) };
  }

  /** @internal Lets go of the graph, for good. */
  protected disconnect(): void {
    this.end.tell();
    this.#graph = undefined;
  }
}
