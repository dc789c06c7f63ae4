/**
 * Activity regularization: a penalty on what passes.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { l1L2 } from '../../regularizers/l1-l2.js';
import { activityPenalty } from '../../regularizers/regularizer.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nonNegative, type Table } from '../options.js';

/** Options of {@link ActivityRegularization}. */
export interface ActivityRegularizationOptions extends LayerOptions {
  /** Factor of Σ|x|. Default 0. */
  readonly l1?: number | undefined;
  /** Factor of Σx². Default 0. */
  readonly l2?: number | undefined;
}

/** The input itself, which costs `l1·Σ|x| + l2·Σx²`, divided by the batch size. */
export class ActivityRegularization extends Layer<ActivityRegularizationOptions> {
  static override readonly className: string = 'ActivityRegularization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<ActivityRegularizationOptions> = {
    l1: nonNegative(0),
    l2: nonNegative(0),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    this.addLoss(activityPenalty(l1L2(this.options), x));
    return x;
  }
}

/**
 * A layer that costs what passes.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const activityRegularization = (options?: ActivityRegularizationOptions): ActivityRegularization =>
  new ActivityRegularization(options);
