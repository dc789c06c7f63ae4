/**
 * Early stopping: ends training when a number stops improving, and can bring back the best weights.
 */
import {
  boolean,
  type Complete,
  options as checkOptions,
  integer,
  number,
  unknownName,
} from '../core/check.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeSnapshot, type NativeVariable, native } from '../native.js';
import { Callback } from './callback.js';
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions<M extends string = string> {
  /** Key of the number to watch. Default `val_loss`. */
  readonly monitor?: M | undefined;
  /** Smallest change that counts as improvement; its sign is ignored. Default 0. */
  readonly minDelta?: number | undefined;
  /** Epochs without improvement before stopping; 0 behaves as 1. Default 0. */
  readonly patience?: number | undefined;
  /** 1 says when it stops. Default 0. */
  readonly verbose?: 0 | 1 | undefined;
  /** Direction of improvement; `auto` knows losses and the metrics of this package. Default `auto`. */
  readonly mode?: 'auto' | 'min' | 'max' | undefined;
  /** A value to beat: below it, only improvements count that also beat it. */
  readonly baseline?: number | null | undefined;
  /** Brings back the weights of the best epoch at the end, stopped or not. Default false. */
  readonly restoreBestWeights?: boolean | undefined;
  /** Epochs before this one are not watched. Default 0. */
  readonly startFromEpoch?: number | undefined;
}

const OPTIONS = [
  'monitor',
  'minDelta',
  'patience',
  'verbose',
  'mode',
  'baseline',
  'restoreBestWeights',
  'startFromEpoch',
] as const;

/** See {@link earlyStopping}. NaN counts as worse than any number, unlike in Keras. */
export class EarlyStopping extends Callback {
  readonly monitor: string;
  readonly #options: Complete<Omit<EarlyStoppingOptions, 'monitor' | 'baseline'>> & {
    baseline: number | undefined;
  };
  #snapshot: NativeSnapshot | undefined;
  #best: number | undefined;
  #wait = 0;
  /** The last epoch it was told of. */
  #seen = -1;
  /** True once a fit has ended that it stopped. */
  #isDone = false;
  /** Epoch at which training was stopped; 0 if it was not. */
  stoppedEpoch = 0;
  /** Epoch of the best value. */
  bestEpoch = 0;

  constructor(options: EarlyStoppingOptions = {}) {
    super();
    checkOptions('earlyStopping', options, OPTIONS);
    const { mode = 'auto' } = options;
    if (!['auto', 'min', 'max'].includes(mode)) throw unknownName('mode', ['auto', 'min', 'max'], mode);
    const monitor: unknown = options.monitor ?? 'val_loss';
    if (typeof monitor !== 'string' || monitor === '')
      throw argumentError('monitor', 'a key of the logs', monitor);
    this.monitor = monitor;
    this.#options = {
      minDelta: Math.abs(number('minDelta', options.minDelta ?? 0)),
      patience: integer('patience', options.patience ?? 0, 0),
      verbose: oneOfTwo('verbose', options.verbose ?? 0),
      mode,
      baseline: options.baseline == null ? undefined : number('baseline', options.baseline),
      restoreBestWeights: boolean('restoreBestWeights', options.restoreBestWeights ?? false),
      startFromEpoch: integer('startFromEpoch', options.startFromEpoch ?? 0, 0),
    };
  }

  /** The best value so far. */
  get best(): number | undefined {
    return this.#best;
  }

  /** Key of the state in a saved model: several may watch, each in its own way. */
  get #kind(): string {
    return `earlyStopping/${this.monitor}/${JSON.stringify(this.#options)}`;
  }

  override onTrainBegin(): void {
    // State of an equal callback that was still at it: another one, or one that is done, starts anew.
    const saved = this.model.training.takeCallbackState(this.#kind);
    const { values, variables: copies = [] } = saved ?? {};
    const resumed = values?.isDone ? undefined : values;
    this.#best = resumed?.best as number | undefined;
    this.#wait = (resumed?.wait as number | undefined) ?? 0;
    this.bestEpoch = (resumed?.bestEpoch as number | undefined) ?? 0;
    this.stoppedEpoch = (resumed?.stoppedEpoch as number | undefined) ?? 0;
    this.#isDone = false;
    // It was saved by a callback that came after this one, in the epoch that was to be the last.
    if (this.stoppedEpoch > 0) this.model.stopTraining = true;
    this.#snapshot = resumed && copies.length > 0 ? this.#snapshotOf(copies) : undefined;
    this.#seen = resumed ? (resumed.seen as number) : Number.POSITIVE_INFINITY;
    // It was saved by a callback that came before this one.
    const last = this.model.training.lastEpoch;
    if (last && last.epoch > this.#seen) this.onEpochEnd(last.epoch, last.logs);
  }

  #snapshotOf(copies: readonly NativeVariable[]): NativeSnapshot {
    const variables = this.model.weights.map((w) => w.variable);
    return guard(() => native.NativeSnapshot.of(variables, [...copies]));
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#seen = epoch;
    if (epoch < this.#options.startFromEpoch) return;
    const current = Object.hasOwn(logs, this.monitor) ? logs[this.monitor] : undefined;
    if (current === undefined) {
      // Some epochs are not validated.
      const isValidated = 'val_loss' in logs || !this.model.training.validates;
      if (this.monitor.startsWith('val_') && !isValidated) return;
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `earlyStopping: monitor '${this.monitor}' is not in the logs; there are ${Object.keys(logs).join(', ')}`,
        { argument: 'monitor', received: this.monitor },
      );
    }
    if (this.#options.restoreBestWeights && !this.#snapshot) {
      const variables = this.model.weights.map((w) => w.variable);
      this.#snapshot = guard(() => new native.NativeSnapshot(variables));
      this.bestEpoch = epoch;
    }
    this.#wait += 1;
    if (this.#better(current, this.#best)) {
      this.#best = current;
      this.bestEpoch = epoch;
      this.#snapshot?.take();
      // Only a value that also beats the baseline earns more patience.
      if (this.#options.baseline === undefined || this.#better(current, this.#options.baseline))
        this.#wait = 0;
      return;
    }
    if (this.#wait >= this.#options.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override onTrainEnd(): void {
    this.#isDone = this.stoppedEpoch > 0;
    if (this.stoppedEpoch > 0 && this.#options.verbose > 0) {
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    }
    if (!this.#snapshot) return;
    this.#snapshot.restore();
    if (this.#options.verbose > 0) {
      console.log(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    }
  }

  override getState(): Record<string, CallbackState> {
    const { bestEpoch, stoppedEpoch } = this;
    const epochs = { bestEpoch, stoppedEpoch, seen: this.#seen };
    const values = { ...epochs, best: this.#best, wait: this.#wait, isDone: this.#isDone };
    return { [this.#kind]: { values, variables: this.#snapshot?.copies() ?? [] } };
  }

  #better(a: number, b: number | undefined): boolean {
    if (Number.isNaN(a)) return false;
    if (b === undefined || Number.isNaN(b)) return true;
    const { mode, minDelta } = this.#options;
    const direction = mode === 'auto' ? this.model.training.directionOf(this.monitor) : mode;
    return direction === 'max' ? a - minDelta > b : a + minDelta < b;
  }
}

function oneOfTwo(argument: string, value: unknown): 0 | 1 {
  if (value === 0 || value === 1) return value;
  throw argumentError(argument, '0 or 1', value);
}

/**
 * Ends training when `monitor` has not improved for `patience` epochs.
 *
 * Its state is saved with the model: where a loaded model goes on with an equal callback that had not stopped, the
 * count of epochs without improvement goes on too.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` when `monitor` is not in the logs.
 */
export const earlyStopping = <const M extends string = 'val_loss'>(
  options?: EarlyStoppingOptions<M>,
): EarlyStopping & { readonly monitor: M } =>
  new EarlyStopping(options) as EarlyStopping & { readonly monitor: M };
