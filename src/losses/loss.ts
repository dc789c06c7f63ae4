/**
 * What a loss is: a value for each sample, made small by training.
 */
import type { SymbolicTensor } from '../core/symbolic.js';

/** A loss. */
export interface Loss {
  /** Name, for saving; `undefined` for a function of one's own. */
  readonly name: string | undefined;
  /** True when labels are class indices. */
  readonly sparse: boolean;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  /** How to make an equal one. */
  getConfig(): Record<string, unknown> | undefined;
}
