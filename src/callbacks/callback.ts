/**
 * Callbacks: who follows a run and may end it.
 */
import type { Tensor } from '../core/tensor.js';
import { RidgelineError } from '../errors.js';
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';
import type { TrainedModel } from './trained-model.js';

/** What a method gives: a promise is waited for, all else is nothing. */
type Maybe = unknown;

/** What a callback is told of what it follows. */
export interface FollowedParams {
  /** The number of epochs, or the index of the last and one more. */
  readonly epochs: number;
  /** Batches, of an epoch in `fit`, where that is known ahead. */
  readonly steps: number | undefined;
}

/** What a batch of a prediction gave: the output, or the outputs. */
export interface PredictedLogs {
  readonly outputs: Tensor | readonly Tensor[];
}

/**
 * Follows `fit`, `evaluate` or `predict`; every method may be async and is waited for. Plain objects of these functions serve too.
 *
 * @example
 * ```ts
 * await model.fit(x, y, { callbacks: [{ onEpochEnd: (epoch, logs) => console.log(epoch, logs.loss) }] });
 * ```
 */
export interface CallbackLike {
  /** Before the first epoch. */
  onTrainBegin?(logs?: Logs): Maybe;
  /** After the last one, also after an abort. */
  onTrainEnd?(logs?: Logs): Maybe;
  /** Before an epoch. */
  onEpochBegin?(epoch: number, logs?: Logs): Maybe;
  /** After an epoch and its validation. */
  onEpochEnd?(epoch: number, logs: Logs): Maybe;
  /** Before a batch. */
  onTrainBatchBegin?(batch: number, logs?: Logs): Maybe;
  /** After a batch. */
  onTrainBatchEnd?(batch: number, logs: Logs): Maybe;
  /** Before data is measured, validation data of a fit too. */
  onTestBegin?(logs?: Logs): Maybe;
  /** After it: what was found, by the keys of the training logs. */
  onTestEnd?(logs: Logs): Maybe;
  /** Before a batch is measured. */
  onTestBatchBegin?(batch: number, logs?: Logs): Maybe;
  /** After it: what was found so far. */
  onTestBatchEnd?(batch: number, logs: Logs): Maybe;
  /** Before a prediction. */
  onPredictBegin?(logs?: Logs): Maybe;
  /** After it. */
  onPredictEnd?(logs?: Logs): Maybe;
  /** Before a batch is predicted. */
  onPredictBatchBegin?(batch: number, logs?: Logs): Maybe;
  /** After it, with what it gave. */
  onPredictBatchEnd?(batch: number, logs: PredictedLogs): Maybe;
  /** Before all else: the model that is followed. */
  setModel?(model: TrainedModel): void;
  /** Behind that: how long it will take. */
  setParams?(params: FollowedParams): void;
  /** @internal What has to be done before any callback's `onTrainBegin`. */
  prepare?(): Promise<void>;
  /** @internal State to save with the model. */
  getState?(): Record<string, CallbackState>;
}

/** Names of the functions of a callback. */
export const HOOKS = [
  'onTrainBegin',
  'onTrainEnd',
  'onEpochBegin',
  'onEpochEnd',
  'onTrainBatchBegin',
  'onTrainBatchEnd',
  'onTestBegin',
  'onTestEnd',
  'onTestBatchBegin',
  'onTestBatchEnd',
  'onPredictBegin',
  'onPredictEnd',
  'onPredictBatchBegin',
  'onPredictBatchEnd',
  'setModel',
  'setParams',
  'prepare',
  'getState',
] as const;

/** The hooks of {@link Callback}, for subclasses to override. */
export interface Callback extends CallbackLike {}

/** True while a model is being trained: not one that is not compiled, or disposed of. */
function isTrained(model: TrainedModel): boolean {
  try {
    return model.training.isUnderWay;
  } catch {
    return false;
  }
}

/** A callback as a class: `model` is set before all else. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every member of the interface is optional or implemented.
export abstract class Callback {
  /** The model that is followed. */
  model!: TrainedModel;

  /** @throws {RidgelineError} `ERR_BUSY` while it follows the training of another model: it has one state. */
  setModel(model: TrainedModel): void {
    const before: TrainedModel | undefined = this.model;
    if (before && before !== model && isTrained(before))
      throw new RidgelineError(
        'ERR_BUSY',
        `a callback of class ${this.constructor.name} follows the training of model '${before.name}'; make one for each`,
        { argument: 'callbacks' },
      );
    this.model = model;
  }
}
