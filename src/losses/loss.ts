/**
 * What a loss is: a value for each sample, made small by training.
 */
import { type NoOptions, type OptionTable, type Settled, save, settle, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { pair } from './labels.js';

/** A loss. */
export interface Loss {
  /** Name, for saving; `undefined` for a function of one's own. */
  readonly name: string | undefined;
  /** True when labels are class indices. */
  readonly sparse: boolean;
  /** True when labels are numbers in [0, 1]. */
  readonly probabilities?: boolean;
  /** @internal The function that it was made of, if it was. */
  readonly source?: unknown;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig(): Record<string, unknown> | undefined;
}

/** Makes a loss from options. @throws {RidgelineError} `ERR_ARGUMENT` for bad ones. */
export type LossFactory<C extends object = NoOptions> = (options?: C) => Loss;

/** What defines a loss. */
interface LossDefinition<C extends object> {
  readonly name: string;
  /** True when labels are class indices. Default false. */
  readonly sparse?: boolean;
  /** True when labels are numbers in [0, 1]. Default false. */
  readonly probabilities?: boolean;
  readonly options: Table<C> & OptionTable;
  /** One value for each sample or position, `[batch, …]`. */
  readonly call: (options: Settled<C>, yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;
}

/** A factory of losses. */
export function defineLoss<C extends object = NoOptions>(of: LossDefinition<C>): LossFactory<C> {
  return (...given) => {
    const options = settle<Settled<C>>(of.name, of.options, given);
    return {
      name: of.name,
      sparse: of.sparse ?? false,
      probabilities: of.probabilities ?? false,
      getConfig: () => save(of.options, options),
      call: (yTrue, yPred) => of.call(options, ...pair(yTrue, yPred)),
    };
  };
}
