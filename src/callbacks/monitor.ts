/**
 * A number of the logs that a callback watches, and what counts as an improvement of it.
 */
import { isName } from '../core/check.js';
import { oneOf, option, type Settled, type Table } from '../core/options.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Logs } from './logs.js';
import type { TrainedModel } from './trained-model.js';

/** What callbacks that watch a number are told. */
export interface MonitorOptions<M extends string = string> {
  /** Key of the number to watch. Default `val_loss`. */
  readonly monitor?: M | undefined;
  /** Whether smaller or larger is better. Default by the number, where it is known. */
  readonly mode?: 'auto' | 'min' | 'max' | undefined;
}

/** The table of {@link MonitorOptions}. */
export const monitored: Table<MonitorOptions> = {
  monitor: option((argument, given): string => {
    if (isName(given)) return given;
    throw argumentError(argument, 'a key of the logs', given);
  }, 'val_loss'),
  mode: oneOf(['auto', 'min', 'max'], 'auto'),
};

/** See the module documentation. */
export class Monitor {
  /** Key of the number. */
  readonly key: string;
  readonly #callback: string;
  readonly #mode: 'auto' | 'min' | 'max';
  readonly #minDelta: number;

  /** @param callback - Name of the callback, for errors. */
  constructor(callback: string, { monitor, mode }: Settled<MonitorOptions>, minDelta = 0) {
    this.key = monitor;
    this.#callback = callback;
    this.#mode = mode;
    this.#minDelta = Math.abs(minDelta);
  }

  /**
   * The number in logs of an epoch; none after an epoch that was not validated, unless there must `always` be one.
   * @throws {RidgelineError} `ERR_ARGUMENT` where it is not among them.
   */
  read(logs: Logs, model: TrainedModel, always = false): number | undefined {
    const { key } = this;
    if (Object.hasOwn(logs, key)) return logs[key];
    const isValidated = 'val_loss' in logs || !model.training.validates;
    if (key.startsWith('val_') && !isValidated && !always) return undefined;
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `${this.#callback}: monitor '${key}' is not in the logs; there are ${Object.keys(logs).join(', ')}`,
      { argument: 'monitor', received: key },
    );
  }

  /**
   * True if `a` is better than `b`, by more than the least difference. NaN is worse than any number, unlike in Keras.
   * @throws {RidgelineError} `ERR_ARGUMENT` where it is not known which is.
   */
  improves(a: number, b: number | undefined, model: TrainedModel): boolean {
    if (Number.isNaN(a)) return false;
    if (b === undefined || Number.isNaN(b)) return true;
    const direction = this.#mode === 'auto' ? model.training.directionOf(this.key) : this.#mode;
    return direction === 'max' ? a - this.#minDelta > b : a + this.#minDelta < b;
  }
}
