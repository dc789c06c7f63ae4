/**
 * Reduces the learning rate when a number stops improving.
 */
import { integer, nonNegative, number, option, type Settled, settle, type Table } from '../core/options.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Callback } from './callback.js';
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';
import { Monitor, type MonitorOptions, monitored } from './monitor.js';
import { verbose } from './verbose.js';

/** Options of {@link ReduceLROnPlateau}. */
export interface ReduceLROnPlateauOptions<M extends string = string> extends MonitorOptions<M> {
  /** What the rate is multiplied by, in (0, 1). Default 0.1. */
  readonly factor?: number | undefined;
  /** Epochs without improvement before it is. Default 10. */
  readonly patience?: number | undefined;
  /** 1 says so when it is. Default 0. */
  readonly verbose?: 0 | 1 | undefined;
  /** Smallest difference that counts as an improvement; the sign does not matter. Default 1e-4. */
  readonly minDelta?: number | undefined;
  /** Epochs after a reduction that do not count. Default 0. */
  readonly cooldown?: number | undefined;
  /** The rate below which it is not reduced. Default 0. */
  readonly minLr?: number | undefined;
}

const TABLE: Table<ReduceLROnPlateauOptions> = {
  ...monitored,
  factor: option((argument, given): number => {
    if (typeof given === 'number' && given > 0 && given < 1) return given;
    throw argumentError(argument, 'in (0, 1)', given);
  }, 0.1),
  patience: integer(0, 10),
  verbose,
  minDelta: number(1e-4),
  cooldown: integer(0, 0),
  minLr: nonNegative(0),
};

/** See {@link reduceLROnPlateau}. NaN counts as worse than any number, unlike in Keras. */
export class ReduceLROnPlateau extends Callback {
  readonly #options: Settled<ReduceLROnPlateauOptions>;
  readonly #monitor: Monitor;
  #best: number | undefined;
  #wait = 0;
  #cooldown = 0;
  /** The last epoch it was told of. */
  #seen = -1;

  constructor(options: ReduceLROnPlateauOptions = {}) {
    super();
    this.#options = settle('reduceLROnPlateau', TABLE, [options]);
    this.#monitor = new Monitor('reduceLROnPlateau', this.#options, this.#options.minDelta);
  }

  /** Key of the number that it watches. */
  get monitor(): string {
    return this.#monitor.key;
  }

  get #kind(): string {
    return `reduceLROnPlateau/${JSON.stringify(this.#options)}`;
  }

  override onTrainBegin(): void {
    if (this.model.optimizer.fixedLearningRate === undefined) {
      const message = 'reduceLROnPlateau: the learning rate must be a number, and a schedule gives it';
      throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'learningRate' });
    }
    const { values } = this.model.training.takeCallbackState(this.#kind) ?? {};
    this.#best = values?.best as number | undefined;
    this.#wait = (values?.wait as number | undefined) ?? 0;
    this.#cooldown = (values?.cooldown as number | undefined) ?? 0;
    this.#seen = values ? (values.seen as number) : (this.model.training.lastEpoch?.epoch ?? -1);
    // It was saved by a callback that came before this one.
    const last = this.model.training.lastEpoch;
    if (last && last.epoch > this.#seen) this.onEpochEnd(last.epoch, last.logs);
  }

  override onEpochEnd(epoch: number, logs: Logs): void {
    this.#seen = epoch;
    const { optimizer } = this.model;
    const { factor, patience, cooldown, minLr, verbose } = this.#options;
    logs.learning_rate = optimizer.learningRate;
    const current = this.#monitor.read(logs, this.model);
    if (current === undefined) return;
    if (this.#cooldown > 0) {
      this.#cooldown -= 1;
      this.#wait = 0;
    }
    if (this.#monitor.improves(current, this.#best, this.model)) {
      this.#best = current;
      this.#wait = 0;
      return;
    }
    if (this.#cooldown > 0) return;
    this.#wait += 1;
    if (this.#wait < patience || optimizer.learningRate <= minLr) return;
    optimizer.learningRate = Math.max(optimizer.learningRate * factor, minLr);
    this.#cooldown = cooldown;
    this.#wait = 0;
    if (verbose > 0) console.log(`Epoch ${epoch + 1}: learning rate reduced to ${optimizer.learningRate}`);
  }

  override getState(): Record<string, CallbackState> {
    const values = { best: this.#best, wait: this.#wait, cooldown: this.#cooldown, seen: this.#seen };
    return { [this.#kind]: { values, variables: [] } };
  }
}

/**
 * Multiplies the learning rate by `factor` when `monitor` has not improved for `patience` epochs. The rate of each epoch
 * is in the logs, as `learning_rate`. Its state is saved with the model, as that of early stopping.
 * Optimizers of `groups` keep rates of their own.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` where a schedule gives the learning rate or
 *   `monitor` is not in the logs.
 */
export const reduceLROnPlateau = <const M extends string = 'val_loss'>(
  options: ReduceLROnPlateauOptions<M> = {},
): ReduceLROnPlateau & { readonly monitor: M } =>
  new ReduceLROnPlateau(options) as ReduceLROnPlateau & { readonly monitor: M };
