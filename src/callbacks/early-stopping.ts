/**
 * Early stopping: ends training when a number stops improving, and can bring back the best weights.
 */
import { copiesOf, copyVariables } from '../core/copies.js';
import { boolean, integer, number, type Settled, settle, type Table } from '../core/options.js';
import type { NativeVariable } from '../native.js';
import { Callback } from './callback.js';
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';
import { Monitor, type MonitorOptions, monitored } from './monitor.js';
import { verbose } from './verbose.js';

/** Options of {@link EarlyStopping}. */
export interface EarlyStoppingOptions<M extends string = string> extends MonitorOptions<M> {
  /** Smallest difference that counts as an improvement; the sign does not matter. Default 0. */
  readonly minDelta?: number | undefined;
  /** Epochs without improvement before the end. 0 behaves as 1. Default 0. */
  readonly patience?: number | undefined;
  /** 1 says so when it stops. Default 0. */
  readonly verbose?: 0 | 1 | undefined;
  /**
   * A value that one hopes to beat. By Keras' newest rule every improvement earns patience, also one that does not beat
   * it, so it changes nothing.
   */
  readonly baseline?: number | null | undefined;
  /** Brings back the weights of the best epoch at the end, stopped or not. Default false. */
  readonly restoreBestWeights?: boolean | undefined;
  /** Epochs before this one are not watched. Default 0. */
  readonly startFromEpoch?: number | undefined;
}

const TABLE: Table<EarlyStoppingOptions> = {
  ...monitored,
  minDelta: number(0),
  patience: integer(0, 0),
  verbose,
  baseline: number(null),
  restoreBestWeights: boolean(false),
  startFromEpoch: integer(0, 0),
};

/** See {@link earlyStopping}. NaN counts as worse than any number, unlike in Keras. */
export class EarlyStopping extends Callback {
  readonly #options: Settled<EarlyStoppingOptions>;
  readonly #monitor: Monitor;
  /** Copies of the best weights. */
  #copies: readonly NativeVariable[] = [];
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
    this.#options = settle('earlyStopping', TABLE, [options]);
    this.#monitor = new Monitor('earlyStopping', this.#options, this.#options.minDelta);
  }

  /** Key of the number that it watches. */
  get monitor(): string {
    return this.#monitor.key;
  }

  /** The best value so far. */
  get best(): number | undefined {
    return this.#best;
  }

  /** Key of the state in a saved model: several may watch, each in its own way. */
  get #kind(): string {
    return `earlyStopping/${JSON.stringify(this.#options)}`;
  }

  override async onTrainBegin(): Promise<void> {
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
    this.#copies = resumed ? copies : [];
    this.#seen = resumed ? (resumed.seen as number) : (this.model.training.lastEpoch?.epoch ?? -1);
    // It was saved by a callback that came before this one.
    const last = this.model.training.lastEpoch;
    if (last && last.epoch > this.#seen) await this.onEpochEnd(last.epoch, last.logs);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { restoreBestWeights, startFromEpoch } = this.#options;
    const current = epoch < startFromEpoch ? undefined : this.#monitor.read(logs, this.model);
    const improves = current !== undefined && this.#monitor.improves(current, this.#best, this.model);
    if (restoreBestWeights && (improves || (current !== undefined && this.#copies.length === 0))) {
      // Who saves meanwhile finds the state before this epoch, and it has to be told of it again.
      this.#copies = await copiesOf(this.model.weights);
      this.bestEpoch = epoch;
    }
    this.#seen = epoch;
    if (current === undefined) return;
    if (improves) {
      this.#best = current;
      this.bestEpoch = epoch;
      this.#wait = 0;
      return;
    }
    this.#wait += 1;
    if (this.#wait >= this.#options.patience && epoch > 0) {
      this.stoppedEpoch = epoch;
      this.model.stopTraining = true;
    }
  }

  override async onTrainEnd(): Promise<void> {
    this.#isDone = this.stoppedEpoch > 0;
    if (this.stoppedEpoch > 0 && this.#options.verbose > 0) {
      console.log(`Epoch ${this.stoppedEpoch + 1}: early stopping`);
    }
    if (this.#copies.length === 0) return;
    const weights = this.model.weights.map(({ variable }) => variable);
    await copyVariables(this.#copies, weights);
    if (this.#options.verbose > 0) {
      console.log(`Restoring model weights from the end of the best epoch: ${this.bestEpoch + 1}.`);
    }
  }

  override getState(): Record<string, CallbackState> {
    const { bestEpoch, stoppedEpoch } = this;
    const epochs = { bestEpoch, stoppedEpoch, seen: this.#seen };
    const values = { ...epochs, best: this.#best, wait: this.#wait, isDone: this.#isDone };
    return { [this.#kind]: { values, variables: this.#copies } };
  }
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
