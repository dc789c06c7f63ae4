/**
 * What the verbs of training take and give, and the check of what `fit` was given.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import type { HistoryKey, LogKey } from '../callbacks/logs.js';
import { ProgressBar } from '../callbacks/progress-bar.js';
import type { BatchSource } from '../core/batches.js';
import { options as checkOptions, threads as checkThreads, count, number } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { argumentError } from '../errors.js';
import { batchSizeOf } from './batch-size.js';
import { callbackList } from './callback-list.js';
import type { FollowedOptions } from './followers.js';
import type { Network } from './network.js';
import { checkSignal, type Signal } from './signal.js';

/** Options that say that a fit validates. */
export type Validates =
  | { readonly validationData: Exclude<FitOptions['validationData'], undefined> }
  | { readonly validationSplit: number };

/** Options of {@link Model.fit}; `K` are the keys of the model's metrics, where they are known. */
// biome-ignore lint/suspicious/noExplicitAny: options of which no more is said fit every model.
export interface FitOptions<K extends string = any> {
  /** Rows of a batch. Default 32. The last, smaller batch is kept. */
  readonly batchSize?: number | undefined;
  /** Index of the epoch to end before. Default 1. */
  readonly epochs?: number | undefined;
  /** Share of the rows, from the end and before shuffling, to validate on, in [0, 1). Default 0. */
  readonly validationSplit?: number | undefined;
  /** Data to validate on: `[x, y]`, `[x, y, sampleWeight]` or batches; `y` is null where `fit` takes none. */
  readonly validationData?:
    | readonly [DataInput, DataInput | null]
    | readonly [DataInput, DataInput | null, DataInput]
    | BatchSource
    | undefined;
  /** Batches of an epoch, of data that comes in batches. Needed where it does not begin anew for every epoch. */
  readonly stepsPerEpoch?: number | undefined;
  /** Batches to validate on, of validation data that comes in batches. Default: all of them. */
  readonly validationSteps?: number | undefined;
  /** Rows of a validation batch. Default: `batchSize`. */
  readonly validationBatchSize?: number | undefined;
  /** Validates after every so many epochs. Default 1. */
  readonly validationFreq?: number | undefined;
  /**
   * Takes the rows in a new random order each epoch; or with `'batch'` whole batches, of rows that stand side by side, a
   * smaller one last. Default true.
   */
  readonly shuffle?: boolean | 'batch' | undefined;
  /** Who follows the run. */
  readonly callbacks?:
    | readonly (CallbackLike & {
        readonly monitor?: NoInfer<HistoryKey<K>> | (string extends K ? string : never) | undefined;
      })[]
    | undefined;
  /** 0 silent, 1 a progress bar, 2 a line an epoch, `auto` a bar on a terminal and else nothing. Default `auto`. */
  readonly verbose?: 0 | 1 | 2 | 'auto' | undefined;
  /**
   * How much each row counts, `[rows]`, or each position of a row, `[rows, …]`; for several outputs also a list or an
   * object by their names, where what is left out weighs one.
   */
  readonly sampleWeight?: DataInput | undefined;
  /** Weight of each class; classes left out weigh 1. Not together with `sampleWeight`. */
  readonly classWeight?: Readonly<Record<number, number>> | undefined;
  /**
   * Index of the epoch to begin with; behind the batches that were trained of it, where the model was loaded from a file that
   * was saved within that epoch. Default 0.
   */
  readonly initialEpoch?: number | undefined;
  /** Ends the run within a batch, which is whole or not done at all; `fit` rejects with its reason. */
  readonly signal?: Signal | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** Numbers of validation data, by key, where it is known that there are some. */
type ValidationHistory<K extends string, V extends boolean> = V extends true
  ? { readonly [P in `val_${LogKey<K>}`]: number[] }
  : unknown;

/** What {@link Model.fit} gives; `V` is true where it is known that it validates. */
export interface FitResult<K extends string = string, V extends boolean = false> {
  /** One number an epoch, by key. */
  readonly history: { readonly [P in LogKey<never>]: number[] } & {
    readonly [P in K]: number[];
  } & ValidationHistory<K, V>;
  /** Epochs that were run, counted from 0. */
  readonly epoch: number[];
}

/** Options of {@link Model.evaluate}. */
export interface EvaluateOptions extends FollowedOptions {
  /** Rows computed at a time. Default 32. */
  readonly batchSize?: number | undefined;
  /** How much each row or position counts, as in {@link FitOptions.sampleWeight}. */
  readonly sampleWeight?: DataInput | undefined;
  /** Batches to measure on. Default: all of them. */
  readonly steps?: number | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** How much each row or class counts. */
export type Weighting = Pick<FitOptions, 'sampleWeight' | 'classWeight'>;

/** Options of {@link Model.trainOnBatch}. */
export type BatchOptions = Pick<FitOptions, 'sampleWeight' | 'classWeight' | 'threads'>;

const FIT_OPTIONS = [
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
  'stepsPerEpoch',
  'validationSteps',
] as const;

/** Options of a fit, checked, with their defaults; those that belong to the data are checked with it. */
export interface CheckedFitOptions {
  readonly batchSize: number;
  readonly epochs: number;
  readonly initialEpoch: number;
  readonly shuffle: boolean | 'batch';
  readonly validationSplit: number;
  readonly validationBatchSize: number;
  readonly validationFreq: number;
  readonly callbacks: readonly CallbackLike[];
  readonly signal: Signal | undefined;
  readonly threads: number | undefined;
  readonly stepsPerEpoch: number | undefined;
  readonly validationSteps: number | undefined;
}

/**
 * Checks the options of a fit.
 * @throws {RidgelineError} `ERR_ARGUMENT` naming the option.
 */
export function checkFitOptions(network: Network, options: FitOptions): CheckedFitOptions {
  const given = checkOptions('fit', options, FIT_OPTIONS);
  const { threads } = given;
  const batchSize = batchSizeOf(network, 'batchSize', given.batchSize);
  const epochs = count('epochs', given.epochs ?? 1);
  const initialEpoch = count('initialEpoch', given.initialEpoch ?? 0, 0);
  const split = given.validationSplit ?? 0;
  const validationSplit = number('validationSplit', split, 'in [0, 1)', (s) => s >= 0 && s < 1);
  checkThreads(threads);
  return {
    batchSize,
    epochs,
    initialEpoch,
    shuffle: shuffled(given.shuffle ?? true),
    validationSplit,
    validationBatchSize: batchSizeOf(network, 'validationBatchSize', given.validationBatchSize, batchSize),
    validationFreq: count('validationFreq', given.validationFreq ?? 1),
    callbacks: callbackList(given, (style) => new ProgressBar(style)),
    signal: checkSignal(given.signal),
    threads,
    stepsPerEpoch: optional('stepsPerEpoch', given.stepsPerEpoch),
    validationSteps: optional('validationSteps', given.validationSteps),
  };
}

function shuffled(given: unknown): boolean | 'batch' {
  if (typeof given === 'boolean' || given === 'batch') return given;
  throw argumentError('shuffle', "true, false or 'batch'", given);
}

const optional = (argument: string, value: number | undefined): number | undefined =>
  value === undefined ? undefined : count(argument, value);
