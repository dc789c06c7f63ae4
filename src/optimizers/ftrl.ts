/**
 * Follow the regularized leader (McMahan et al. 2013): `s₊ = s + g²; z ← z + g + 2λ₃·w − (s₊ᵖ − sᵖ)/lr·w;
 * w ← (clip(z, ±λ₁) − z)/(s₊ᵖ/lr + 2λ₂ + β/lr)`, with p = −`learningRatePower`.
 */
import { nonNegative, notPositive, type Table } from '../core/options.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';

/** Options of {@link ftrl}. */
export interface FtrlOptions extends OptimizerOptions {
  /** How the rate falls with the squares so far, ≤ 0; 0 for a fixed one. Default −0.5. */
  readonly learningRatePower?: number | undefined;
  /** What `s` begins with. Default 0.1. */
  readonly initialAccumulatorValue?: number | undefined;
  /** λ₁. Default 0. */
  readonly l1RegularizationStrength?: number | undefined;
  /** λ₂. Default 0. */
  readonly l2RegularizationStrength?: number | undefined;
  /** λ₃, which is part of the gradient alone. Default 0. */
  readonly l2ShrinkageRegularizationStrength?: number | undefined;
  /** β. Default 0. */
  readonly beta?: number | undefined;
}

/** Follow the regularized leader. */
export class Ftrl extends Optimizer<FtrlOptions> {
  static override readonly optimizerName: string = 'ftrl';
  static override readonly options: Table<FtrlOptions> = {
    ...common(0.001),
    learningRatePower: notPositive(-0.5),
    initialAccumulatorValue: nonNegative(0.1),
    l1RegularizationStrength: nonNegative(0),
    l2RegularizationStrength: nonNegative(0),
    l2ShrinkageRegularizationStrength: nonNegative(0),
    beta: nonNegative(0),
  };
}

/**
 * Follow the regularized leader (McMahan et al. 2013). Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const ftrl = (...given: OptimizerArguments<FtrlOptions>): Ftrl => new Ftrl(...given);
