/**
 * Sets the learning rate of each epoch by a function.
 */
import { nonNegative } from '../core/check.js';
import { argumentError } from '../errors.js';
import { Callback } from './callback.js';
import type { Logs } from './logs.js';

/** A function of the epoch, counted from 0, and of the rate so far. */
export type EpochSchedule = (epoch: number, learningRate: number) => number;

/** See {@link learningRateScheduler}. */
export class LearningRateScheduler extends Callback {
  readonly #schedule: EpochSchedule;

  constructor(schedule: EpochSchedule) {
    super();
    if (typeof schedule !== 'function')
      throw argumentError('schedule', 'a function of epoch and learning rate', schedule);
    this.#schedule = schedule;
  }

  override onEpochBegin(epoch: number): void {
    const { optimizer, training } = this.model;
    // It was set when the epoch began.
    if (training.resumedWithin === epoch) return;
    const rate = this.#schedule(epoch, optimizer.learningRate);
    optimizer.learningRate = nonNegative('what the schedule gives', rate);
  }

  override onEpochEnd(_: number, logs: Logs): void {
    logs.learning_rate = this.model.optimizer.learningRate;
  }
}

/**
 * Sets the learning rate before each epoch to what `schedule` gives; it is in the logs as `learning_rate`. A schedule by
 * steps, evaluated natively, is an option of the optimizer: `optimizers.schedules`.
 * Optimizers of `groups` keep rates of their own.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but a function, and from `fit` for what is no rate.
 */
export const learningRateScheduler = (schedule: EpochSchedule): LearningRateScheduler =>
  new LearningRateScheduler(schedule);
