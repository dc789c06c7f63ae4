/**
 * Schedules by name, and learning rates as an option.
 */
import { nonNegative } from '../../core/check.js';
import { type Option, option } from '../../core/options.js';
import { factoriesOf, Registry } from '../../core/registry.js';
import * as schedules from './factories.js';
import { LearningRateSchedule } from './schedule.js';

const registry = new Registry<LearningRateSchedule>({
  noun: 'schedule',
  expected: 'a finite number ≥ 0 or a schedule',
  factories: factoriesOf(schedules),
  isReady: (of) => of instanceof LearningRateSchedule,
});

/** A number that serves for all steps, or a schedule. */
export type LearningRate = number | LearningRateSchedule;

/** A learning rate; a schedule may also be given by its config. */
export const learningRate = (fallback: number): Option<LearningRate, false> =>
  option<LearningRate, number>(
    (argument, given) =>
      typeof given === 'number' ? nonNegative(argument, given) : registry.get(argument, given),
    fallback,
    (value) => (typeof value === 'number' ? value : value.getConfig()),
  );
