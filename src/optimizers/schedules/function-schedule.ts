/**
 * A schedule that is a function of ops from the steps made before, a scalar, to the learning rate.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { LearningRateSchedule } from './schedule.js';

/** A function of ops that gives the learning rate, a scalar, of the step that so many others came before, a scalar. */
export type ScheduleFunction = (step: SymbolicTensor) => SymbolicTensor;

/** See the module documentation. */
export class FunctionSchedule extends LearningRateSchedule {
  static override readonly scheduleName: string = 'a function';
  /** The function. */
  readonly source: ScheduleFunction;

  constructor(source: ScheduleFunction) {
    super();
    this.source = source;
  }

  override call(step: SymbolicTensor): SymbolicTensor {
    return this.source(step);
  }

  override getConfig(): undefined {
    return undefined;
  }
}
