/**
 * The epochs that were run, and what of training a saved file keeps beside counters and the optimizer's state.
 */
import type { CallbackState } from '../callbacks/callback-state.js';
import type { Logs } from '../callbacks/logs.js';
import type { Place } from './place.js';

/** What a saved file keeps of training, beside counters and the optimizer's state. */
export interface TrainingState {
  /** State of the callbacks of the last fit, by kind. */
  readonly callbacks: Record<string, CallbackState>;
  /** Epochs that were recorded, and their numbers by key. */
  readonly history: History;
  /** The last epoch, which some callbacks may not have seen yet. */
  readonly last: EpochLogs | undefined;
  /** Where within an epoch it stands, if it stands still there. */
  readonly place?: Place | undefined;
  /** True while the moving averages of weights are in their place. */
  readonly areAveragesIn: boolean;
}

/** The end of an epoch. */
export interface EpochLogs {
  readonly epoch: number;
  readonly logs: Logs;
}

/** Epochs that were run, and one number of each by key. */
export interface History {
  /** Their indices. */
  readonly epoch: number[];
  /** Their numbers. */
  readonly history: Record<string, number[]>;
}

/** Adds an epoch. */
export function record({ epoch: epochs, history }: History, epoch: number, logs: Logs): void {
  epochs.push(epoch);
  add(history, Object.entries(logs));
}

/** Adds numbers of an epoch. */
export function add(
  history: Record<string, number[]>,
  numbers: readonly [key: string, value: number][],
): void {
  for (const [key, value] of numbers) {
    history[key] ??= [];
    history[key].push(value);
  }
}
