/**
 * Models: layers from inputs to outputs, with training, prediction, saving and export.
 */
import { options as checkOptions, count } from '../core/check.js';
import { nextSeed } from '../core/random.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Tensor, type TensorInput } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Layer, type LayerOptions } from '../layers/layer.js';
import { guard, type NativePredictor, type NativeRun, native, succeeded } from '../native.js';
import { getOptimizer } from '../optimizers/identifier.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { byName, type DataInput, fitInputs, rowsOf, Uploaded } from './batches.js';
import { CallGraph } from './call-graph.js';
import { type CompileOptions, type KeysOf, type Metrics, type NoMetrics, resolve } from './compiling.js';
import { type ExportOptions, exportOnnx } from './export.js';
import type { EvaluateOptions, FitOptions, FitResult, LogsOf } from './fit-options.js';
import type { Compiled } from './objective.js';
import { type SaveOptions, save } from './saving.js';
import { type SummaryOptions, summary } from './summary.js';
import { Training } from './training.js';

/** One tensor, or several. */
type Tensors = SymbolicTensor | readonly SymbolicTensor[];

/** Config of {@link Model}. */
export interface ModelConfig<O extends Tensors = Tensors> extends Pick<LayerOptions, 'name' | 'trainable'> {
  /** Tensors made by `input()`. */
  readonly inputs: Tensors;
  /** Tensors computed from them. */
  readonly outputs: O;
}

/** Options of {@link Model.predict}. */
export interface PredictOptions {
  /** Rows computed at a time. Default 32. */
  readonly batchSize?: number | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** True for a list of outputs; false for one, and where it is not known. */
type Several<O> = 0 extends 1 & O ? false : O extends readonly unknown[] ? true : false;

/** What a model predicts: a tensor, or a list for several outputs. */
export type Prediction<O = SymbolicTensor> =
  Several<O> extends true ? Tensor<'float32'>[] : Tensor<'float32'>;

/** Keys of metrics in logs; those of several outputs carry names that the compiler does not know. */
type KeyOf<M, O> = Several<O> extends true ? string : KeysOf<M>;

function list<T>(of: T | readonly T[]): readonly T[] {
  return Array.isArray(of) ? of : [of as T];
}

/**
 * A model: the layers between inputs and outputs.
 *
 * `K` are the keys of its metrics, which `compile` finds out, and `O` its outputs: one tensor, or a list.
 *
 * @example
 * ```ts
 * const x = input([4]);
 * const model = new Model({ inputs: x, outputs: layers.dense(1)(layers.dense(8, { activation: 'relu' })(x)) });
 * model.compile({ optimizer: 'adam', loss: 'mse' });
 * ```
 */
// biome-ignore lint/suspicious/noExplicitAny: a model of which nothing is known takes and gives what any model does.
export class Model<K extends string = string, O extends Tensors = any> extends Layer {
  static override readonly className: string = 'Model';
  /** Set by callbacks to end training after the current batch or epoch. */
  stopTraining = false;
  #graph: CallGraph | undefined;
  #compiled: Compiled | undefined;
  #optimizer: Optimizer | undefined;
  #compileOptions: CompileOptions | undefined;
  #predictor: NativePredictor | undefined;
  #training: Training | undefined;
  #disposed = false;
  #seed: number;

  constructor(config?: ModelConfig<O>) {
    super(config);
    this.#seed = nextSeed();
    if (config && (new.target === (Model as unknown) || 'inputs' in config)) {
      checkOptions('Model', config, ['inputs', 'outputs', 'name', 'trainable']);
      this.connect(list(config.inputs), list(config.outputs));
    }
  }

  /** @internal Sets what the model computes; names its layers. */
  protected connect(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
    this.#graph = new CallGraph(inputs, outputs);
    this.built = true;
    this.#predictor = undefined;
    this.#training?.programs.forget();
    const twice = inputs.find(
      (t, i) => t.name !== undefined && inputs.findIndex((u) => u.name === t.name) < i,
    );
    if (twice)
      throw new RidgelineError('ERR_ARGUMENT', `two inputs are called '${twice.name}'`, {
        argument: 'inputs',
      });
    const taken = new Set<string>();
    const all = this.#graph.layers;
    for (const layer of all.filter((layer) => layer.isNamed)) {
      if (taken.has(layer.name)) {
        throw new RidgelineError('ERR_ARGUMENT', `two layers are called '${layer.name}'`, {
          layer: layer.name,
          argument: 'name',
        });
      }
      taken.add(layer.name);
    }
    for (const layer of all.filter((layer) => !layer.isNamed)) {
      const base = layer.name.replace(/_\d+$/, '');
      let name = base;
      for (let i = 1; taken.has(name); i++) name = `${base}_${i}`;
      taken.add(name);
      layer.rename(name);
    }
    for (const layer of all) layer.locate(layer.name);
  }

  override locate(path: string): void {
    for (const layer of this.layers) layer.locate(`${path}/${layer.name}`);
  }

  /** @internal The call graph. */
  get graph(): CallGraph {
    this.#alive();
    if (!this.#graph) {
      throw new RidgelineError('ERR_ARGUMENT', `model '${this.name}' has no ${this.missing}`, {
        layer: this.name,
      });
    }
    return this.#graph;
  }

  /** @internal What a model without a call graph lacks, and where it comes from. */
  protected get missing(): string {
    return 'inputs and outputs: pass { inputs, outputs }; a class with a `call` of its own is a Layer';
  }

  /** @internal Makes the model computable for data; sequential ones learn their input from it. */
  ready(_shape: readonly number[]): void {
    this.#alive();
  }

  /** The model as those see it who do not care for its types. */
  get #self(): Model {
    return this as unknown as Model;
  }

  #alive(): void {
    if (this.#disposed)
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
    const given = this.inputs.flatMap((t) => t.name ?? []);
    const others = distinct(Array<string>(this.inputs.length - given.length).fill('input'), given);
    return this.inputs.map((t) => t.name ?? (others.shift() as string));
  }
  /** Names of the outputs: of the layers that compute them, told apart from each other and from the inputs. */
  get outputNames(): string[] {
    const nameOf = (t: SymbolicTensor): string =>
      (t.call?.layer as Layer | undefined)?.name ?? t.call?.label ?? t.name ?? 'output';
    return distinct(this.outputs.map(nameOf), this.inputNames);
  }
  /** Layers in the order of their calls. */
  override get layers(): Layer[] {
    return this.#graph?.layers ?? [];
  }
  override get weights(): Weight[] {
    this.#alive();
    return [...new Set(this.layers.flatMap((layer) => layer.weights))];
  }
  override get trainableWeights(): Weight[] {
    return this.trainable ? [...new Set(this.layers.flatMap((layer) => layer.trainableWeights))] : [];
  }
  override get randomSeed(): number {
    return this.#seed;
  }
  /** @internal */
  override set randomSeed(seed: number) {
    this.#seed = seed;
  }

  /** What the model computes, as {@link Layer.call}: models are layers too. */
  override call(inputs: Tensors): Several<O> extends true ? SymbolicTensor[] : SymbolicTensor {
    const outputs = this.replay(list(inputs) as SymbolicTensor[]);
    return (outputs.length === 1 ? outputs[0] : outputs) as Several<O> extends true
      ? SymbolicTensor[]
      : SymbolicTensor;
  }

  /** @internal Replays all layers on traced inputs. */
  replay(inputs: readonly SymbolicTensor[]): SymbolicTensor[] {
    if (inputs.length !== this.inputs.length)
      throw argumentError('inputs', `${this.inputs.length} tensors`, inputs);
    return this.graph.replay(inputs);
  }

  /**
   * The layer of that name or index.
   * @throws {RidgelineError} `ERR_ARGUMENT` when there is none.
   */
  getLayer(of: string | number): Layer {
    const layer =
      typeof of === 'number' ? this.layers.at(of) : this.layers.find((layer) => layer.name === of);
    if (layer) return layer;
    throw argumentError('layer', `one of ${this.layers.map((l) => l.name).join(', ') || '(none yet)'}`, of);
  }

  /**
   * Says what to train for.
   *
   * @returns The model, typed by its metrics, so that `history` and `monitor` keys are checked.
   * @throws {RidgelineError} `ERR_ARGUMENT` for unknown names or options.
   */
  compile(options: CompileOptions<readonly [], readonly []> & NoMetrics): Model<KeyOf<readonly [], O>, O>;
  compile<const M extends Metrics, const W extends Metrics = readonly []>(
    options: CompileOptions<M, W>,
  ): Model<KeyOf<M, O> | KeyOf<W, O>, O>;
  compile(options: CompileOptions): Model<string, O> {
    this.#alive();
    const names = this.#graph ? this.outputNames : undefined;
    this.#compiled = resolve(options, names, () => this.outputNames);
    this.#optimizer = getOptimizer('optimizer', options.optimizer ?? 'rmsprop');
    this.#compileOptions = options;
    this.#training = undefined;
    return this;
  }

  /** @internal What it was compiled with. */
  get compiled(): Compiled {
    this.#alive();
    if (this.#compiled) return this.#compiled;
    throw new RidgelineError(
      'ERR_NOT_COMPILED',
      `model '${this.name}' must be compiled first: model.compile({ optimizer, loss })`,
      {
        layer: this.name,
      },
    );
  }
  /** @internal Arguments of `compile`. */
  get compileOptions(): CompileOptions | undefined {
    return this.#compileOptions;
  }
  /** The optimizer; its `learningRate` may be changed at any time. */
  get optimizer(): Optimizer {
    this.compiled;
    return this.#optimizer as Optimizer;
  }
  /** @internal What trains it: programs, counters, state. */
  get training(): Training {
    this.compiled;
    this.#training ??= new Training(this.#self);
    return this.#training;
  }

  /**
   * Trains for `epochs` passes over the data, off the JavaScript thread.
   *
   * @param x Rows: a tensor, nested arrays, a typed array with `shape`, rows of typed arrays, or one by input name.
   * @param y Labels, one row each; bare typed arrays are vectors.
   * @returns History of losses and metrics, one number an epoch.
   * @throws {RidgelineError} As a rejection: `ERR_NOT_COMPILED`, `ERR_SHAPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`,
   *   `ERR_BUSY` while another fit runs, `ERR_NATIVE`; or the reason of `signal`.
   */
  async fit(x: DataInput, y: DataInput, options: FitOptions<K> = {}): Promise<FitResult<K>> {
    return this.training.fit(x, y, options as FitOptions) as Promise<FitResult<K>>;
  }

  /** Loss and metrics on data, by Keras' keys; the loss includes the penalties. */
  async evaluate(x: DataInput, y: DataInput, options: EvaluateOptions = {}): Promise<LogsOf<K>> {
    return this.training.evaluate(x, y, options) as Promise<LogsOf<K>>;
  }

  /** One update on one batch; loss and metrics before it. */
  async trainOnBatch(
    x: DataInput,
    y: DataInput,
    options: Pick<FitOptions, 'sampleWeight' | 'classWeight' | 'threads'> = {},
  ): Promise<LogsOf<K>> {
    return this.training.trainOnBatch(x, y, options) as Promise<LogsOf<K>>;
  }

  #predictable(
    x: DataInput,
    options: PredictOptions,
  ): { data: Uploaded; size: number; program: NativePredictor } {
    this.#alive();
    const { batchSize = 32 } = checkOptions('predict', options, ['batchSize', 'threads']);
    const size = count('batchSize', batchSize);
    if (options.threads !== undefined) count('threads', options.threads);
    if (!this.#graph) this.ready(byName('x', x, ['x'], [undefined])[0]?.tensor.shape ?? []);
    const types = this.inputs.map((t) => t.dtype);
    const named = fitInputs(byName('x', x, this.inputNames, types), this.inputs);
    rowsOf(named);
    this.#predictor ??= this.#newPredictor();
    return { data: Uploaded.of(named), size, program: this.#predictor };
  }

  #newPredictor(): NativePredictor {
    const trace = new Trace(false);
    return trace.run(() => {
      const inputs = this.inputs.map((t, i) => trace.input(this.inputNames[i] as string, t.shape, t.dtype));
      const outputs = this.replay(inputs);
      return guard(() => new native.NativePredictor(trace.graph, trace.ids(outputs)));
    });
  }

  /**
   * Outputs for all rows, computed off the JavaScript thread.
   * @throws {RidgelineError} As a rejection: `ERR_SHAPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`, `ERR_DISPOSED`.
   */
  async predict(x: DataInput, options: PredictOptions = {}): Promise<Prediction<O>> {
    const { data, size, program } = this.#predictable(x, options);
    try {
      const run = guard(() => program.predict(data.handles, size, this.#seed, options.threads));
      return single<O>(succeeded(await run).tensors.map((t) => Tensor.fromNative(t)));
    } finally {
      data.release();
    }
  }

  /** As {@link Model.predict}, on the calling thread; works inside callbacks. */
  predictSync(x: DataInput, options: Pick<PredictOptions, 'batchSize'> = {}): Prediction<O> {
    const { data, size, program } = this.#predictable(x, options);
    try {
      const tensors = guard(() => program.predictSync(data.handles, size, this.#seed));
      return single<O>(tensors.map((t) => Tensor.fromNative(t)));
    } finally {
      data.release();
    }
  }

  override setWeights(values: readonly TensorInput[]): void {
    this.graph;
    super.setWeights(values);
  }

  /** The table of layers, shapes and parameters as text; printed unless `print` is false. */
  summary(options: SummaryOptions = {}): string {
    this.#alive();
    return summary(this.#self, options);
  }

  /**
   * Writes everything needed to go on to one file, atomically: architecture, weights, optimizer state, seed and
   * counters.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` naming what cannot be restored, `ERR_IO`.
   */
  async save(path: string, options: SaveOptions = {}): Promise<void> {
    this.#alive();
    save(this.#self, path, options);
  }

  /**
   * Writes the inference graph as ONNX: to a file, or as bytes if no path is given.
   * @throws {RidgelineError} As a rejection: `ERR_EXPORT` naming the layer without an ONNX form, `ERR_IO`.
   */
  async export(path: string, options?: ExportOptions): Promise<void>;
  async export(options?: ExportOptions): Promise<Uint8Array>;
  async export(to?: string | ExportOptions, options?: ExportOptions): Promise<Uint8Array | void> {
    this.#alive();
    return typeof to === 'string'
      ? exportOnnx(this.#self, to, options ?? {})
      : exportOnnx(this.#self, undefined, to ?? {});
  }

  /** @internal Epochs of the running fit. */
  get runEpochs(): number {
    return this.#training?.epochs ?? 0;
  }
  /** @internal True while a fit validates, be it not every epoch. */
  get validates(): boolean {
    return this.#training?.validates ?? false;
  }
  /** @internal Where the running fit stands. */
  progress(): ReturnType<NativeRun['progress']> | undefined {
    return this.#training?.progress();
  }
  /** @internal State of a kind of callback that a loaded model brought along, once. */
  resumedState(kind: string): Record<string, unknown> | undefined {
    return this.#training?.takeCallbackState(kind);
  }
  /** @internal Direction in which a logged number improves. */
  directionOf(key: string): 'max' | 'min' {
    return this.training.directionOf(key);
  }

  /** Lets go of native memory, ending a running fit first. Idempotent; later use is `ERR_DISPOSED`. */
  dispose(): void {
    if (this.#disposed) return;
    this.#training?.cancel();
    this.#training?.programs.release();
    this.#predictor?.release();
    this.#disposed = true;
    this.#training = undefined;
    this.#predictor = undefined;
    this.#graph = undefined;
  }
  /** As {@link Model.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), layers: this.layers.map((layer) => layer.toJSON()) };
  }
}

/** Names that are neither among `taken` nor twice in the list: a number behind them tells them apart. */
function distinct(wanted: readonly string[], taken: readonly string[]): string[] {
  const names = [...taken];
  for (const base of wanted) {
    let name = base;
    for (let i = 1; names.includes(name); i++) name = `${base}_${i}`;
    names.push(name);
  }
  return names.slice(taken.length);
}

function single<O>(tensors: Tensor[]): Prediction<O> {
  return (tensors.length === 1 ? tensors[0] : tensors) as Prediction<O>;
}
