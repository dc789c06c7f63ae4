/**
 * Models: layers from inputs to outputs, with training, prediction, saving and export.
 */
import type { LogsOf } from '../callbacks/logs.js';
import { type BatchSource, isBatchSource } from '../core/batches.js';
import { boolean, options as checkOptions, isPlain } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import type { FilePath } from '../core/file-path.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { LayerOptions } from '../layers/layer.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Step } from '../preprocessing/preprocessor.js';
import { asOneBatch } from './batch-size.js';
import { type Compiled, resolveCompile } from './compilation.js';
import type { CompileOptions, Metrics, NoMetrics, OwnStepOptions } from './compile-options.js';
import type { BatchOptions, EvaluateOptions, FitOptions, FitResult, Validates } from './fit-options.js';
import type { History } from './history.js';
import { metricKeys } from './log-keys.js';
import { type KeyOf, list, type Tensors } from './one-or-several.js';
import { type ExportOptions, exportOnnx } from './onnx-export.js';
import { PredictingModel } from './predicting-model.js';
import { type SaveOptions, save } from './saving.js';
import { type SummaryOptions, summary } from './summary.js';
import { Training } from './training.js';
import { TrainingLock } from './training-lock.js';
import { type LoadWeightsOptions, loadWeights, saveWeights } from './weights-file.js';

/** Config of {@link Model}. */
export interface ModelConfig<O extends Tensors = Tensors> extends Pick<LayerOptions, 'name' | 'trainable'> {
  /** Tensors made by `input()`. */
  readonly inputs: Tensors;
  /** Tensors computed from them. */
  readonly outputs: O;
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
export class Model<K extends string = string, const O extends Tensors = any> extends PredictingModel<O> {
  static override readonly className: string = 'Model';
  #stopTraining = false;
  #compiled: Compiled | undefined;
  #training: Training | undefined;

  constructor(config?: ModelConfig<O>) {
    super(config);
    if (config && (new.target === (Model as unknown) || 'inputs' in config)) {
      checkOptions('Model', config, ['inputs', 'outputs', 'name', 'trainable']);
      this.connect(list(config.inputs), list(config.outputs));
    }
    if (!this.isConnected && !this.learnsInput) this.graph;
  }

  /** Steps before the model that are saved beside its graph, by names of one's own: `model.preprocessing.city = …`. */
  readonly preprocessing: Record<string, Step> = Object.create(null) as Record<string, Step>;

  /** Set by callbacks to end training after the current batch or epoch. */
  get stopTraining(): boolean {
    return this.#stopTraining;
  }
  set stopTraining(value: boolean) {
    this.#stopTraining = boolean('stopTraining', value);
  }

  protected override connect(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
    super.connect(inputs, outputs);
    this.#training?.forget();
  }

  /** The model as those see it who do not care for its types. */
  get #self(): Model {
    return this as unknown as Model;
  }

  /**
   * Says what to train for.
   *
   * @returns The model, typed by its metrics, so that `history` and `monitor` keys are checked.
   * @throws {RidgelineError} `ERR_ARGUMENT` for unknown names or options, `ERR_BUSY` while a fit runs; the model is then
   *   compiled as it was.
   */
  compile<
    const M extends Metrics = readonly [],
    const W extends Metrics = readonly [],
    const L extends string = never,
  >(options: OwnStepOptions<M, W, L>): Model<KeyOf<M, W, O> | L, O>;
  compile(
    options: CompileOptions<readonly [], readonly []> & NoMetrics,
  ): Model<KeyOf<readonly [], readonly [], O>, O>;
  compile<const M extends Metrics, const W extends Metrics = readonly []>(
    options: CompileOptions<M, W>,
  ): Model<KeyOf<M, W, O>, O>;
  compile(options: CompileOptions | OwnStepOptions): Model<string, O> {
    this.checkIdle();
    const compiled = resolveCompile(
      options,
      this.isConnected ? this.outputNames : undefined,
      () => this.outputNames,
    );
    if (this.isConnected) metricKeys(this.outputNames, compiled);
    this.#compiled = compiled;
    this.lock = new TrainingLock(this);
    this.#training = undefined;
    return this;
  }

  /** @internal Before a change of what it is: `ERR_DISPOSED`, `ERR_BUSY` while a fit runs. */
  protected checkIdle(): void {
    this.checkAlive();
    this.lock.checkIdle();
  }

  /** @internal What it was compiled with. */
  get compiled(): Compiled {
    this.checkAlive();
    if (this.#compiled) return this.#compiled;
    throw new RidgelineError(
      'ERR_NOT_COMPILED',
      `model '${this.name}' must be compiled first: model.compile({ optimizer, loss })`,
      { layer: this.name },
    );
  }
  /** The optimizer; its `learningRate` may be changed at any time. */
  get optimizer(): Optimizer {
    return this.compiled.optimizer;
  }
  /** @internal What trains it: programs, counters, state. */
  get training(): Training {
    this.#training ??= new Training(this.#self, this.compiled, this.lock);
    return this.#training;
  }

  /** Epochs since it was compiled, before it was saved too: their indices, and one number of each by key. */
  get history(): History {
    return this.training.history;
  }
  /** Index of the epoch to go on with: `fit(x, y, { initialEpoch: model.epoch, epochs })`. */
  get epoch(): number {
    return this.training.nextEpoch;
  }

  /**
   * Trains for `epochs` passes over the data, off the JavaScript thread.
   *
   * @param x Rows: a tensor, nested arrays, a typed array with `shape`, rows of typed arrays, or one by input name.
   * @param y Labels, one row each; bare typed arrays are vectors. `null` where the model is compiled without a loss, unless a `trainStep` takes them.
   * @returns History of losses and metrics, one number an epoch.
   * @throws {RidgelineError} As a rejection: `ERR_NOT_COMPILED`, `ERR_SHAPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`,
   *   `ERR_BUSY` while another fit runs, `ERR_NATIVE`; or the reason of `signal`.
   */
  fit(x: DataInput, y: DataInput | null, options: FitOptions<K> & Validates): Promise<FitResult<K, true>>;
  fit(x: DataInput, y: DataInput | null, options?: FitOptions<K>): Promise<FitResult<K>>;
  /**
   * Trains on batches that come one by one, the next one fetched while a step runs: from a function that gives an
   * iterable, sync or not, for every epoch, or from an async iterable that goes on, of `stepsPerEpoch`.
   */
  fit(batches: BatchSource, options: FitOptions<K> & Validates): Promise<FitResult<K, true>>;
  fit(batches: BatchSource, options?: FitOptions<K>): Promise<FitResult<K>>;
  async fit(x: DataInput | BatchSource, y?: unknown, options?: FitOptions<K>): Promise<FitResult<K, true>> {
    const result = isBatchSource(x)
      ? this.training.fitBatches(x, onlyOptions<FitOptions>(y, options))
      : this.training.fit(x, y as DataInput, (options === undefined ? {} : options) as FitOptions);
    return result as Promise<FitResult<K, true>>;
  }

  /** Loss and metrics on data, by Keras' keys; the loss includes the penalties. */
  evaluate(x: DataInput, y: DataInput | null, options?: EvaluateOptions): Promise<LogsOf<K>>;
  /** The same on batches that come one by one, as in {@link Model.fit}. */
  evaluate(batches: BatchSource, options?: EvaluateOptions): Promise<LogsOf<K>>;
  async evaluate(x: DataInput | BatchSource, y?: unknown, options?: EvaluateOptions): Promise<LogsOf<K>> {
    const { training } = this;
    const logs = (): Promise<unknown> =>
      isBatchSource(x)
        ? training.evaluation.evaluateBatches(x, onlyOptions<EvaluateOptions>(y, options))
        : training.evaluation.evaluate(x, y as DataInput, options === undefined ? {} : options);
    return this.inOrder('evaluated', logs) as Promise<LogsOf<K>>;
  }

  /** One update on one batch; loss and metrics before it. */
  async trainOnBatch(x: DataInput, y: DataInput | null, options: BatchOptions = {}): Promise<LogsOf<K>> {
    return this.training.trainOnBatch(x, y as DataInput, options) as Promise<LogsOf<K>>;
  }

  /** Loss and metrics on one batch, as they are. */
  async testOnBatch(
    x: DataInput,
    y: DataInput | null,
    options: Omit<BatchOptions, 'classWeight'> = {},
  ): Promise<LogsOf<K>> {
    return this.evaluate(x, y, { ...options, ...asOneBatch(this.#self) });
  }

  /**
   * The table of layers, shapes and parameters as text; printed unless `print` is false. With `batchSize` it ends with the
   * peak memory of a training step.
   */
  summary(options: SummaryOptions = {}): string {
    this.checkAlive();
    return summary(this.#self, options);
  }

  /**
   * Writes everything needed to go on to one file, atomically: architecture, weights, optimizer state, seed and
   * counters.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` naming what cannot be restored, `ERR_IO`.
   */
  async save(path: FilePath, options: SaveOptions = {}): Promise<void> {
    this.checkAlive();
    await save(this.#self, this.#compiled && this.training, path, options);
  }

  /**
   * Writes all weights to a safetensors file, by their paths such as `dense/kernel`, whole or not at all.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` for a bad name, `ERR_IO`, `ERR_DISPOSED`.
   */
  async saveWeights(path: FilePath): Promise<void> {
    this.checkAlive();
    await saveWeights(this.#self, path);
  }

  /**
   * Reads weights by their paths, from what `saveWeights` or `save` wrote.
   * @returns The paths of the weights that were read.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` for a weight that the file does not have in that shape, or that
   *   the model does not have, unless `partial` is asked for, and for a model without input yet, `ERR_IO`, `ERR_BUSY` while a fit runs, `ERR_DISPOSED`. Nothing is read unless all fit.
   */
  async loadWeights(path: FilePath, options: LoadWeightsOptions = {}): Promise<string[]> {
    this.checkIdle();
    return loadWeights(this.#self, path, options);
  }

  /**
   * Writes the inference graph as ONNX: to a file, or as bytes if no path is given. Steps of `preprocessing` stand beside
   * the file, in JSON: those of `model.onnx` in `model.preprocessing.json`.
   * @throws {RidgelineError} As a rejection: `ERR_EXPORT` naming the layer without an ONNX form, `ERR_IO`.
   */
  async export(path: FilePath, options?: ExportOptions): Promise<void>;
  async export(options?: ExportOptions): Promise<Uint8Array>;
  async export(to?: FilePath | ExportOptions, options?: ExportOptions): Promise<Uint8Array | void> {
    this.checkAlive();
    if (typeof to === 'string' || to instanceof URL) return exportOnnx(this.#self, to, options ?? {});
    return exportOnnx(this.#self, undefined, (to ?? {}) as ExportOptions);
  }

  /** Lets go of native memory, ending a running fit first. Idempotent; later use is `ERR_DISPOSED`. */
  dispose(): void {
    this.#training?.release();
    this.#training = undefined;
    this.disconnect();
  }
  /** As {@link Model.dispose}, for `using`. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The options of a verb that takes batches, which have their labels with them. */
function onlyOptions<T extends object>(given: unknown, more: unknown): T {
  if (more === undefined && (given === undefined || isPlain(given))) return (given ?? {}) as T;
  throw argumentError('y', 'left out: batches have theirs', more === undefined ? given : more);
}
