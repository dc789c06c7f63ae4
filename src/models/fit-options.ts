/**
 * What the verbs of training take and give.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import { ProgressBar } from '../callbacks/progress-bar.js';
import type { TensorInput } from '../core/tensor.js';
import { argumentError } from '../errors.js';
import type { DataInput } from './batches.js';

/** Keys of logs: losses, metrics `K`, and the same for validation data. */
export type LogKey<K extends string> = 'loss' | 'penalty' | 'loss_without_penalty' | K;
/** Loss and metrics by key. */
export type LogsOf<K extends string> = { readonly [P in LogKey<never>]: number } & {
  readonly [P in K]: number;
};
/** Keys of a history. */
export type HistoryKey<K extends string> = LogKey<K> | `val_${LogKey<K>}`;

/** The part of the platform's `AbortSignal` that is used. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Options of {@link Model.fit}. */
export interface FitOptions<K extends string = string> {
  /** Rows of a batch. Default 32. The last, smaller batch is kept. */
  readonly batchSize?: number | undefined;
  /** Index of the epoch to end before. Default 1. */
  readonly epochs?: number | undefined;
  /** Share of the rows, from the end and before shuffling, to validate on, in [0, 1). Default 0. */
  readonly validationSplit?: number | undefined;
  /** Data to validate on: `[x, y]` or `[x, y, sampleWeight]`. */
  readonly validationData?:
    | readonly [DataInput, DataInput]
    | readonly [DataInput, DataInput, TensorInput]
    | undefined;
  /** Rows of a validation batch. Default: `batchSize`. */
  readonly validationBatchSize?: number | undefined;
  /** Validates after every so many epochs. Default 1. */
  readonly validationFreq?: number | undefined;
  /** Takes the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean | undefined;
  /** Who follows the run. */
  readonly callbacks?: readonly (CallbackLike & {
    readonly monitor?: NoInfer<HistoryKey<K>> | (string extends K ? string : never) | undefined;
  })[];
  /** 0 silent, 1 a progress bar, 2 a line an epoch, `auto` a bar on a terminal and else nothing. Default `auto`. */
  readonly verbose?: 0 | 1 | 2 | 'auto' | undefined;
  /** Weight of each row's loss. */
  readonly sampleWeight?: TensorInput | undefined;
  /** Weight of each class; classes left out weigh 1. Not together with `sampleWeight`. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
  /** Index of the epoch to begin with. Default 0. */
  readonly initialEpoch?: number | undefined;
  /** Ends the run within a batch; `fit` rejects with its reason. */
  readonly signal?: Signal | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** The names in {@link FitOptions}. */
export const FIT_OPTIONS = [
  'batchSize',
  'epochs',
  'validationSplit',
  'validationData',
  'validationBatchSize',
  'validationFreq',
  'shuffle',
  'callbacks',
  'verbose',
  'sampleWeight',
  'classWeight',
  'initialEpoch',
  'signal',
  'threads',
] as const;

/** What {@link Model.fit} gives. */
export interface FitResult<K extends string = string> {
  /** One number an epoch, by key. */
  readonly history: { readonly [P in LogKey<never>]: number[] } & { readonly [P in K]: number[] } & {
    readonly [P in `val_${LogKey<K>}`]: number[];
  };
  /** Epochs that were run, counted from 0. */
  readonly epoch: number[];
}

/** Options of {@link Model.evaluate}. */
export interface EvaluateOptions {
  /** Rows computed at a time. Default 32. */
  readonly batchSize?: number | undefined;
  /** Weight of each row's loss. */
  readonly sampleWeight?: TensorInput | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** How much each row or class counts. */
export type Weighting = Pick<FitOptions, 'sampleWeight' | 'classWeight'>;

/** The callbacks of a fit, with the progress bar that `verbose` asks for. */
export function callbackList(options: FitOptions): CallbackLike[] {
  const { callbacks = [], verbose = 'auto' } = options;
  if (!Array.isArray(callbacks)) throw argumentError('callbacks', 'a list', callbacks);
  callbacks.forEach((callback, i) => {
    if (typeof callback !== 'object' || callback === null)
      throw argumentError(`callbacks[${i}]`, 'an object of functions', callback);
  });
  if (![0, 1, 2, 'auto'].includes(verbose)) throw argumentError('verbose', "0, 1, 2 or 'auto'", verbose);
  if (verbose === 1 || (verbose === 'auto' && process.stderr.isTTY)) return [...callbacks, new ProgressBar()];
  return verbose === 2 ? [...callbacks, new ProgressBar('line')] : [...callbacks];
}
