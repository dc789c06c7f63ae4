/**
 * Callbacks: who follows a run and may end it.
 */
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';
import type { TrainedModel } from './trained-model.js';

type Maybe = void | Promise<void>;

/**
 * Follows `fit`; every method may be async and is waited for. Plain objects of these functions serve too.
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
  /** Before a fit's validation data is measured. */
  onTestBegin?(logs?: Logs): Maybe;
  /** After it: what was found, by the keys of the training logs. */
  onTestEnd?(logs: Logs): Maybe;
  /** Before `onTrainBegin`: the model that is being trained. */
  setModel?(model: TrainedModel): void;
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
  'setModel',
  'prepare',
  'getState',
] as const;

/** The hooks of {@link Callback}, for subclasses to override. */
export interface Callback extends CallbackLike {}

/** A callback as a class: `model` is set before training begins. */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: every member of the interface is optional or implemented.
export abstract class Callback {
  /** The model that is being trained. */
  model!: TrainedModel;

  setModel(model: TrainedModel): void {
    this.model = model;
  }
}
