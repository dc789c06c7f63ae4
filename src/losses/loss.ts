/**
 * What a loss is: a value for each sample or position, and how they become the one that training makes small.
 */
import { op } from '../core/apply.js';
import type { Operand, Result } from '../core/operand.js';
import {
  type NoOptions,
  type OptionTable,
  oneOf,
  type Settled,
  save,
  settle,
  type Table,
} from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';

/**
 * How the values of a batch become one: their weighted sum divided by their number (`'sumOverBatchSize'`, and `'mean'`,
 * which is the same), not divided (`'sum'`), or divided by the sum of the weights (`'meanWithSampleWeight'`).
 */
export type Reduction = 'sumOverBatchSize' | 'mean' | 'sum' | 'meanWithSampleWeight';

/** What every loss can be told. */
export interface LossOptions {
  /** How the values of a batch become one. Default `'sumOverBatchSize'`. */
  readonly reduction?: Reduction | undefined;
}

/** A loss. */
export interface Loss {
  /** Name, for saving; `undefined` for a function of one's own. */
  readonly name: string | undefined;
  /** True when labels are class indices. */
  readonly sparse: boolean;
  /** The class whose positions do not count, where labels are class indices. */
  readonly ignoredClass?: number | undefined;
  /** True when labels are numbers in [0, 1]. */
  readonly probabilities?: boolean;
  /** How the values of a batch become one. Default `'sumOverBatchSize'`. */
  readonly reduction?: Reduction;
  /** The axis of predictions of which one value comes. Default the last. */
  readonly axis?: number | undefined;
  /** @internal The function that it was made of, if it was. */
  readonly source?: unknown;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  /** Which of the values that `call` gave count, as booleans; all where it is left out or gives `undefined`. */
  valid?(yTrue: SymbolicTensor, yPred: SymbolicTensor, each: SymbolicTensor): SymbolicTensor | undefined;
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig(): Record<string, unknown> | undefined;
}

/** A loss of the package, which computes at once on concrete tensors. */
export interface DefinedLoss extends Loss {
  /**
   * One value for each sample or position.
   * @example
   * ```ts
   * const each = losses.meanSquaredError().call(tensor([[1, 2]]), tensor([[1, 4]]));
   * console.log(each.toArray()); // [2]
   * ```
   * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_SHAPE` for what does not fit.
   */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  call<A extends Operand, B extends Operand>(yTrue: A, yPred: B): Result<A | B>;
}

/** Makes a loss from options. @throws {RidgelineError} `ERR_ARGUMENT` for bad ones. */
export interface LossFactory<C extends object = NoOptions> {
  (options?: (C extends NoOptions ? unknown : C) & LossOptions): DefinedLoss;
  /** @internal Its options, besides those of every loss. */
  readonly options: OptionTable;
}

/** What defines a loss. */
interface LossDefinition<C extends object> {
  readonly name: string;
  /** True when labels are class indices. Default false. */
  readonly sparse?: boolean;
  /** True when labels are numbers in [0, 1]. Default false. */
  readonly probabilities?: boolean;
  readonly options: Table<C> & OptionTable;
  /** The class whose positions do not count. */
  readonly ignoredClass?: (options: Settled<C>) => number | undefined;
  /** One value for each sample or position, `[batch, …]`. */
  readonly call: (options: Settled<C>, yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;
  /** Which of them count. Default all. */
  readonly valid?: (
    options: Settled<C>,
    yTrue: SymbolicTensor,
    yPred: SymbolicTensor,
    each: SymbolicTensor,
  ) => SymbolicTensor | undefined;
}

/** How values become one, as an option. */
export const reduction = oneOf(
  ['sumOverBatchSize', 'mean', 'sum', 'meanWithSampleWeight'],
  'sumOverBatchSize',
);

/** A factory of losses. */
export function defineLoss<C extends object = NoOptions>(of: LossDefinition<C>): LossFactory<C> {
  const table: OptionTable = { ...of.options, reduction };
  const make = (...given: [options?: C & LossOptions]): unknown => {
    const options = settle<Settled<C> & { reduction: Reduction; axis?: unknown }>(of.name, table, given);
    return {
      name: of.name,
      sparse: of.sparse ?? false,
      ignoredClass: of.ignoredClass?.(options),
      probabilities: of.probabilities ?? false,
      reduction: options.reduction,
      axis: typeof options.axis === 'number' ? options.axis : undefined,
      getConfig: () => save(table, options),
      call: (yTrue: Operand, yPred: Operand) =>
        op(of.name, [yTrue, yPred], (_, [labels, given]) =>
          of.call(options, labels as SymbolicTensor, given as SymbolicTensor),
        ),
      valid: (yTrue: SymbolicTensor, yPred: SymbolicTensor, each: SymbolicTensor) =>
        of.valid?.(options, yTrue, yPred, each),
    };
  };
  return Object.assign(make, { options: of.options }) as unknown as LossFactory<C>;
}
