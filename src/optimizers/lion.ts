/**
 * Lion (Chen et al. 2023): `w ← w − lr·sign(β₁·m + (1 − β₁)·g); m ← β₂·m + (1 − β₂)·g`.
 */
import { rate, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link lion}. */
export interface LionOptions extends OptimizerOptions {
  /** Share of the momentum in the direction, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the momentum, in [0, 1). Default 0.99. */
  readonly beta2?: number | undefined;
}

/** Lion. */
export class Lion extends Optimizer<LionOptions> {
  static override readonly optimizerName: string = 'lion';
  static override readonly options: Table<LionOptions> = {
    ...common(0.001),
    beta1: rate(0.9),
    beta2: rate(0.99),
  };
}

/**
 * Lion (Chen et al. 2023). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const lion = (...given: OptimizerArguments<LionOptions>): Lion => new Lion(...given);
