/**
 * Discretization: numbers by the bin that they fall into.
 */
import { isFloat } from '../../core/check.js';
import { oneOf, option } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { tensor } from '../../core/tensor.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { type Encoding, encoded } from './encoding.js';

/** Options of {@link Discretization}. */
export interface DiscretizationOptions extends LayerOptions {
  /** `'int'` for the number of the bin, as int32, or vectors as of {@link CategoryEncoding}. Default `'int'`. */
  readonly outputMode?: 'int' | Encoding | undefined;
}

/** Config of {@link Discretization}. */
export interface DiscretizationConfig extends DiscretizationOptions {
  /** Where one bin ends and the next begins, ascending: `[0, 1]` makes three bins. */
  readonly binBoundaries: readonly number[];
}

type Given =
  | [binBoundaries: readonly number[], options?: DiscretizationOptions]
  | [config: DiscretizationConfig];

const isAscending = (given: readonly unknown[]): boolean =>
  given.every((x, i) => isFloat(x) && (i === 0 || x > (given[i - 1] as number)));

/** The number of boundaries that are at most `x`, for each element of it. */
export class Discretization extends Layer<DiscretizationConfig, Given> {
  static override readonly className: string = 'Discretization';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<DiscretizationConfig> = {
    binBoundaries: option((argument, given): readonly number[] => {
      if (Array.isArray(given) && given.length > 0 && isAscending(given)) return [...given];
      throw argumentError(argument, 'a list of numbers, ascending', given);
    }),
    outputMode: oneOf(['int', 'oneHot', 'multiHot', 'count'], 'int'),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { binBoundaries, outputMode } = this.options;
    const reached = ops.greaterEqual(ops.expandDims(x, -1), tensor([...binBoundaries]));
    const bin = ops.sum(ops.cast(reached, 'int32'), { axis: -1 });
    return outputMode === 'int' ? bin : encoded(bin, binBoundaries.length + 1, outputMode);
  }
}

/**
 * A discretization layer.
 * @param binBoundaries - Where one bin ends and the next begins, ascending.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function discretization(
  binBoundaries: readonly number[],
  options?: DiscretizationOptions,
): Discretization;
export function discretization(config: DiscretizationConfig): Discretization;
export function discretization(...given: unknown[]): Discretization {
  return new Discretization(...(given as Given));
}
