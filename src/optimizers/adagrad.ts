/**
 * Adagrad (Duchi et al. 2011): `s ← s + g²; w ← w − lr·g/√(s + ε)`.
 */
import { nonNegative, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link adagrad}. */
export interface AdagradOptions extends OptimizerOptions {
  /** What `s` begins with. Default 0.1. */
  readonly initialAccumulatorValue?: number | undefined;
  /** Added under the root. Default 1e-7. */
  readonly epsilon?: number | undefined;
}

/** Adagrad. */
export class Adagrad extends Optimizer<AdagradOptions> {
  static override readonly optimizerName: string = 'adagrad';
  static override readonly options: Table<AdagradOptions> = {
    ...common(0.001),
    initialAccumulatorValue: nonNegative(0.1),
    epsilon: nonNegative(1e-7),
  };
}

/**
 * Adagrad (Duchi et al. 2011). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adagrad = (...given: OptimizerArguments<AdagradOptions>): Adagrad => new Adagrad(...given);
