/**
 * A schedule of one's own: a function of ops from the steps made before, a scalar, to the learning rate.
 */
import { nonNegative } from '../../core/check.js';
import type { NoOptions } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { alike, traced } from '../../core/traced.js';
import { within } from '../../errors.js';
import { type NativeSchedule, type NativeTraced, native } from '../../native.js';
import { LearningRateSchedule } from './schedule.js';

/** A function of ops that gives the learning rate, a scalar, of the step that so many others came before, a scalar. */
export type ScheduleFunction = (step: SymbolicTensor) => SymbolicTensor;

/** See the module documentation. */
export class FunctionSchedule extends LearningRateSchedule<NoOptions> {
  static override readonly scheduleName: string = 'function';
  static override readonly options = {};
  /** The function. */
  readonly source: ScheduleFunction;

  /** @throws {RidgelineError} `ERR_ARGUMENT` or `ERR_SHAPE` unless it gives a scalar of ops, which is no number below 0. */
  constructor(source: ScheduleFunction) {
    super({});
    this.source = source;
    nonNegative('the first learning rate of a function', this.at(0));
  }

  protected override create(): NativeSchedule {
    const of = (): NativeTraced =>
      traced('learningRate', [['step', []]], ([step]) => [
        alike('the rate', this.source(step as SymbolicTensor), []),
      ]);
    return native.NativeSchedule.traced(within('learningRate, a function', of));
  }

  override getConfig(): undefined {
    return undefined;
  }
}
