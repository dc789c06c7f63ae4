/// <reference lib="esnext.disposable" preserve="true" />
/**
 * Ridgeline: neural networks trained from TypeScript at native speed, with Keras' semantics, shipped as ONNX.
 *
 * @packageDocumentation
 */
export * as activations from './activations/index.js';
export { Callback, type CallbackLike } from './callbacks/callback.js';
export * as callbacks from './callbacks/index.js';
export type { HistoryKey, LogKey, Logs, LogsOf } from './callbacks/logs.js';
export type { TrainedModel } from './callbacks/trained-model.js';
export * as constraints from './constraints/index.js';
export type { AdaptOptions } from './core/adapting.js';
export type { Batch, Batches, BatchSource } from './core/batches.js';
export type { DataInput } from './core/data-input.js';
export type { FilePath } from './core/file-path.js';
export type { Operand } from './core/operand.js';
export { setRandomSeed } from './core/random.js';
export { type Shape, SymbolicTensor } from './core/symbolic.js';
export {
  type DType,
  type NestedArray,
  type NumberArray,
  Tensor,
  type TensorInput,
  tensor,
} from './core/tensor.js';
export { Weight } from './core/weight.js';
export {
  type ArrowTable,
  type CodesOptions,
  type CsvOptions,
  type Fold,
  Frame,
  fromArrow,
  type GroupKFoldOptions,
  groupKFold,
  type KFoldOptions,
  kFold,
  type NumbersOptions,
  type PadSequencesOptions,
  padSequences,
  readCsv,
  type ShuffleOptions,
  type Split,
  type SplitOptions,
  shuffle,
  stratifiedKFold,
  type TimeseriesDatasetOptions,
  take,
  timeseriesDataset,
  toCategorical,
  trainTestSplit,
  type WindowBatch,
  type Windows,
} from './data/index.js';
export { type ErrorCode, type ErrorDetails, isRidgelineError, RidgelineError } from './errors.js';
export * as initializers from './initializers/index.js';
export { input } from './layers/core/input.js';
export * as layers from './layers/index.js';
export { type CallOptions, Layer, type LayerOptions, type WeightOptions } from './layers/layer.js';
export * as losses from './losses/index.js';
export * as metrics from './metrics/index.js';
export type { ClassLabels, Labelled } from './models/class-labels.js';
export type { CompileOptions, Metrics, OwnStepOptions } from './models/compile-options.js';
export type {
  EvaluateOptions,
  FitOptions,
  FitResult,
} from './models/fit-options.js';
export type { Generated, GenerateOptions, Prompt } from './models/generation.js';
export type { History } from './models/history.js';
export { type LoadOptions, loadModel } from './models/loading.js';
export { Model, type ModelConfig } from './models/model.js';
export type { Prediction } from './models/one-or-several.js';
export type { DecoderOptions, ExportOptions } from './models/onnx-export.js';
export { type OnnxMetadata, readOnnxMetadata } from './models/onnx-metadata.js';
export type { Minimized, TrainStep, TrainStepArguments, TrainStepResult } from './models/own-step.js';
export type { PredictOptions } from './models/predictor.js';
export type { SaveOptions } from './models/saving.js';
export { Sequential } from './models/sequential.js';
export type { Signal } from './models/signal.js';
export type { LoadWeightsOptions } from './models/weights-file.js';
export * as ops from './ops/index.js';
export * as optimizers from './optimizers/index.js';
export * as preprocessing from './preprocessing/index.js';
export * as regularizers from './regularizers/index.js';
export { type RuntimeInfo, runtime } from './runtime.js';
