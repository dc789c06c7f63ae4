/**
 * What a model gives: predictions, the names of their classes, and sequences that it goes on with.
 */
import type { TrainedModel } from '../callbacks/trained-model.js';
import { type BatchSource, isBatchSource } from '../core/batches.js';
import type { DataInput } from '../core/data-input.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import { argumentError } from '../errors.js';
import { asOneBatch } from './batch-size.js';
import { type ClassLabels, inLabels, type Labelled, labelsOf, readClassLabels } from './class-labels.js';
import { ConnectedModel } from './connected-model.js';
import { FOLLOWED } from './followers.js';
import { type Generated, type GenerateOptions, Generation, type Prompt } from './generation.js';
import { carries, type Network } from './network.js';
import { list, type Prediction, perOutput, type Tensors } from './one-or-several.js';
import { type PredictOptions, Predictor } from './predictor.js';
import { TrainingLock } from './training-lock.js';

/** See the module documentation; `O` are the outputs. */
export abstract class PredictingModel<O extends Tensors> extends ConnectedModel<O> {
  /** @internal Who may move states from batch to batch. */
  protected lock: TrainingLock = new TrainingLock(this);
  #carries = false;
  #classLabels: ClassLabels | undefined;
  readonly #generation = new Generation(this.self);
  readonly #predictor = new Predictor(this.self);

  /** @internal The model as those see it who do not care for its types. */
  private get self(): this & Network {
    return this as this & Network;
  }

  protected override connect(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): void {
    super.connect(inputs, outputs);
    this.#carries = carries(this.self);
    this.#releasePrograms();
  }

  protected override disconnect(): void {
    this.#releasePrograms();
    super.disconnect();
  }

  #releasePrograms(): void {
    this.#predictor.release();
    this.#generation.release();
  }

  /**
   * Names of the classes of the only output, in the order of its numbers, or of outputs by their names: a list for each.
   * They are saved with the model, stand in an ONNX file's metadata as `class_labels`, and are what `predictLabels` gives.
   * A single number, which must be a probability such as a sigmoid's, has two: the second from above 0.5 on.
   */
  get classLabels(): ClassLabels | undefined {
    return this.#classLabels;
  }
  set classLabels(of: ClassLabels | undefined) {
    const labels = readClassLabels(of);
    if (this.isConnected) labelsOf(this.self, labels);
    this.#classLabels = labels;
  }

  /**
   * Outputs for all rows, or for those of batches that come one by one, computed off the JavaScript thread, unless they are
   * there sooner than another thread could be told.
   * @throws {RidgelineError} As a rejection: `ERR_SHAPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`, `ERR_DISPOSED`.
   */
  async predict(x: DataInput | BatchSource, options: PredictOptions = {}): Promise<Prediction<O>> {
    this.checkAlive();
    const model = this as unknown as TrainedModel;
    const isFollowed = FOLLOWED.some((name) => options?.[name] !== undefined) || options?.steps !== undefined;
    const outputs = (): Promise<Tensor[]> => {
      if (isBatchSource(x)) return this.#predictor.predictBatches(x, options, model);
      if (isFollowed) return this.#predictor.predictFollowed(x, options, model);
      return this.#predictor.predict(x, options);
    };
    return perOutput<O, Tensor<'float32'>>(await this.inOrder('used to predict', outputs));
  }

  /** Outputs for the rows of one batch. @throws {RidgelineError} As {@link Model.predict}. */
  async predictOnBatch(x: DataInput, options: Pick<PredictOptions, 'threads'> = {}): Promise<Prediction<O>> {
    return this.predict(x, { ...options, ...asOneBatch(this.self) });
  }

  /** @internal Does `work` alone if it moves a state from batch to batch: `ERR_BUSY` while something else does. */
  protected async inOrder<T>(what: string, work: () => Promise<T>): Promise<T> {
    return this.#carries ? this.lock.alone(work, `being ${what}; its states go from batch to batch`) : work();
  }

  /** As {@link Model.predict}, on the calling thread; works inside callbacks. */
  predictSync(x: DataInput, options: Pick<PredictOptions, 'batchSize'> = {}): Prediction<O> {
    this.checkAlive();
    if (this.#carries) this.lock.checkIdle();
    return perOutput(this.#predictor.predictSync(x, options));
  }

  /**
   * As {@link Model.predict}, in the names of `classLabels`: a text for each row, or lists of them for each position. Of
   * several outputs the first that has names.
   * @throws {RidgelineError} As `predict`, and `ERR_ARGUMENT` without names.
   */
  async predictLabels(x: DataInput | BatchSource, options: PredictOptions = {}): Promise<Labelled[]> {
    return inLabels(this.self, list<Tensor>((await this.predict(x, options)) as Tensor));
  }

  /**
   * Goes on with sequences of tokens: each next one is drawn from what the model gives for the last, `[batch, time, tokens]`.
   * Layers keep what they need of the steps before, such as keys and values of attention, so a token costs one step.
   *
   * @param prompt Tokens of one sequence, or of several; equally long ones go side by side.
   * @returns The sequences with what came behind them, as the prompt stands.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` for bad options or prompts, and for layers that look at all steps
   *   at once, such as pooling, or attention that is not causal.
   */
  async generate<P extends Prompt>(prompt: P, options: GenerateOptions = {}): Promise<Generated<P>> {
    this.checkAlive();
    return this.#generation.all(prompt, options);
  }

  /** As {@link Model.generate} of one sequence, token by token as they come: `for await (const token of …)`. */
  async *stream(prompt: readonly number[], options: GenerateOptions = {}): AsyncGenerator<number, void> {
    this.checkAlive();
    if (Array.isArray(prompt?.[0])) throw argumentError('prompt', 'tokens of one sequence', prompt);
    for await (const [token] of this.#generation.tokens([prompt], options)) yield token as number;
  }
}
