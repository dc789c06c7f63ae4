/**
 * Schedules by name, and learning rates as an option.
 */
import { nonNegative } from '../../core/check.js';
import { type Option, option } from '../../core/options.js';
import { factoriesOf, Registry } from '../../core/registry.js';
import * as schedules from './factories.js';
import { FunctionSchedule, type ScheduleFunction } from './function-schedule.js';
import { LearningRateSchedule } from './schedule.js';

const registry = new Registry<LearningRateSchedule>({
  noun: 'schedule',
  expected: 'a finite number ≥ 0, a schedule or a function of ops',
  factories: factoriesOf(schedules),
  isReady: (of) => of instanceof LearningRateSchedule,
  adapt: (of: ScheduleFunction) => new FunctionSchedule(of),
});

/** A number that serves for all steps, or a schedule. */
export type LearningRate = number | LearningRateSchedule;

/** What an optimizer takes as its learning rate. */
export type LearningRateOption = LearningRate | ScheduleFunction;

/** @throws {RidgelineError} `ERR_ARGUMENT` for what is no schedule, or begins with what is no learning rate. */
export function getSchedule(argument: string, given: unknown): LearningRateSchedule {
  const schedule = registry.get(argument, given);
  if (schedule.call) nonNegative(`the first learning rate of ${schedule.name}`, schedule.at(0));
  return schedule;
}

/** A learning rate; a schedule may also be given by its config. */
export const learningRate = (fallback: number): Option<LearningRateOption, false> =>
  option<LearningRateOption, number>(
    (argument, given) =>
      typeof given === 'number' ? nonNegative(argument, given) : getSchedule(argument, given),
    fallback,
    (value) => {
      if (typeof value === 'number' || typeof value === 'function') return value;
      return value instanceof FunctionSchedule ? value.source : value.getConfig();
    },
  );
