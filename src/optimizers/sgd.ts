/**
 * SGD: `v ← momentum·v − lr·g; w ← w + v`, or, with Nesterov's look ahead, `w ← w + momentum·v − lr·g`.
 */
import { boolean, rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link sgd}. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last step that is kept, in [0, 1). Default 0. */
  readonly momentum?: number | undefined;
  /** Looks ahead along the momentum. Default false. */
  readonly nesterov?: boolean | undefined;
}

/** Stochastic gradient descent. */
export class SGD extends Optimizer<SGDOptions> {
  static override readonly optimizerName: string = 'sgd';
  static override readonly options: Table<SGDOptions> = {
    ...common(0.01),
    momentum: rate(0),
    nesterov: boolean(false),
  };
}

/**
 * Stochastic gradient descent. Default learning rate 0.01.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const sgd = (...given: OptimizerArguments<SGDOptions>): SGD => new SGD(...given);
