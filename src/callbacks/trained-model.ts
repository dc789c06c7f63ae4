/**
 * What callbacks see of the model that is being trained. `Model` is one; callbacks know no more of it than this.
 */
import type { DataInput } from '../core/data-input.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor, TensorInput } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import type { Layer } from '../layers/layer.js';
import type { NativeRun } from '../native.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { CallbackState } from './callback-state.js';
import type { Logs, LogsOf } from './logs.js';

/** The model that callbacks follow, and may read, change and stop. */
export interface TrainedModel {
  /** Name of the model. */
  readonly name: string;
  /** Set to true to end training after the current batch or epoch. */
  stopTraining: boolean;
  /** The optimizer; a change of its `learningRate` takes effect with the next batch. */
  readonly optimizer: Optimizer;
  /** Inputs. */
  readonly inputs: readonly SymbolicTensor[];
  /** Outputs. */
  readonly outputs: readonly SymbolicTensor[];
  /** Names of the inputs. */
  readonly inputNames: string[];
  /** Names of the outputs. */
  readonly outputNames: string[];
  /** Layers in the order of their calls. */
  readonly layers: Layer[];
  /** All weights. */
  readonly weights: Weight[];
  /** Weights that training changes. */
  readonly trainableWeights: Weight[];
  /** @internal The training that is followed. */
  readonly training: TrainingContext;

  /**
   * The layer of that name or index.
   * @throws {RidgelineError} `ERR_ARGUMENT` when there is none.
   */
  getLayer(of: string | number): Layer;
  /** Number of elements of all weights. */
  countParams(): number;
  /** Copies of all weights, in the order of `weights`. */
  getWeights(): Tensor<'float32'>[];
  /**
   * Replaces all weights before the next batch.
   * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_NON_FINITE`; nothing is written unless all fit.
   */
  setWeights(values: readonly TensorInput[]): void;
  /** Outputs for all rows, with the weights of this moment. `batchSize` is 32 unless given. */
  predict(
    x: DataInput,
    options?: { readonly batchSize?: number | undefined; readonly threads?: number | undefined },
  ): Promise<Tensor<'float32'>>;
  /** As `predict`, on the calling thread. */
  predictSync(x: DataInput, options?: { readonly batchSize?: number | undefined }): Tensor<'float32'>;
  /** Loss and metrics on data, with the weights of this moment. `batchSize` is 32 unless given. */
  evaluate(
    x: DataInput,
    y: DataInput,
    options?: {
      readonly batchSize?: number | undefined;
      readonly sampleWeight?: DataInput | undefined;
      readonly threads?: number | undefined;
    },
  ): Promise<LogsOf<string>>;
  /** The table of layers as text; printed unless `print` is false. */
  summary(options?: { readonly print?: boolean | undefined }): string;
  /**
   * Writes everything needed to go on from here to one file.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` naming what cannot be restored, `ERR_IO`.
   */
  save(path: string, options?: { readonly includeOptimizer?: boolean | undefined }): Promise<void>;
  /**
   * Writes all weights to a safetensors file, by their paths.
   * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` for a bad name, `ERR_IO`.
   */
  saveWeights(path: string): Promise<void>;
  /**
   * Writes the inference graph as ONNX: to a file, or as bytes if no path is given.
   * @throws {RidgelineError} As a rejection: `ERR_EXPORT` naming the layer without an ONNX form, `ERR_IO`.
   */
  export(path: string, options?: { readonly opset?: number | undefined }): Promise<void>;
  export(options?: { readonly opset?: number | undefined }): Promise<Uint8Array>;
}

/** What the callbacks of this package ask of the training that they follow. */
export interface TrainingContext {
  /** True while the model is being trained. */
  readonly isUnderWay: boolean;
  /** Index of the epoch that the fit ends before. */
  readonly epochs: number;
  /** True if the fit validates, be it not after every epoch. */
  readonly validates: boolean;
  /** Where the fit stands, once it has begun. */
  progress(): ReturnType<NativeRun['progress']> | undefined;
  /**
   * Direction in which a logged number improves.
   * @throws {RidgelineError} `ERR_ARGUMENT` when it is not known.
   */
  directionOf(key: string): 'max' | 'min';
  /** The end of the last epoch, in an earlier fit too. */
  readonly lastEpoch: { readonly epoch: number; readonly logs: Logs } | undefined;
  /** Index of the epoch within which the fit goes on, if it does so from a file. */
  readonly resumedWithin: number | undefined;
  /** Whether the last fit came to its end, where nothing ended it before. */
  readonly hasFinished: boolean;
  /** True while the moving averages of weights are in their place, and the weights in that of the averages. */
  readonly areAveragesIn: boolean;
  /** Swaps weights and their moving averages, which there must be. */
  swapAverages(): Promise<void>;
  /**
   * Goes on from what was saved at `path`, where there is something: the model becomes what it was then.
   * @throws {RidgelineError} `ERR_IO` where it is no file of this model.
   */
  resume(path: string): Promise<void>;
  /** State of a kind of callback that a loaded model brought along, once. */
  takeCallbackState(kind: string): CallbackState | undefined;
}
