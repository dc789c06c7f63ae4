/**
 * Discretization: numbers by the bin that they fall into.
 */
import { type AdaptOptions, adaptTo, type Learning } from '../../core/adapting.js';
import type { BatchSource } from '../../core/batches.js';
import { isFloat } from '../../core/check.js';
import { fraction, integer, oneOf, option, positional } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type TensorInput, tensor, tensorFrom } from '../../core/tensor.js';
import { find, type Work } from '../../core/turns.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { type Encoding, encoded } from './encoding.js';
import { boundariesOf, type Summary, summaryOf } from './quantiles.js';

/** Options of {@link Discretization}. */
export interface DiscretizationOptions extends LayerOptions {
  /** `'int'` for the number of the bin, as int32, or vectors as of {@link CategoryEncoding}. Default `'int'`. */
  readonly outputMode?: 'int' | Encoding | undefined;
}

/** Config of {@link Discretization}. */
export interface DiscretizationConfig extends DiscretizationOptions {
  /** Where one bin ends and the next begins, ascending: `[0, 1]` makes three bins. Default those that `adapt` finds. */
  readonly binBoundaries?: readonly number[] | null | undefined;
  /** The number of bins that `adapt` finds, at least 2. */
  readonly numBins?: number | null | undefined;
  /** How exact they are, as a share of the numbers. Default 0.01. */
  readonly epsilon?: number | undefined;
}

type Given =
  | [binBoundaries: readonly number[], options?: DiscretizationOptions]
  | [config: DiscretizationConfig];

const isOrdered = (given: readonly unknown[]): boolean =>
  given.every((x, i) => isFloat(x) && (i === 0 || x >= (given[i - 1] as number)));

/**
 * The number of boundaries that are at most `x`, for each element of it. The boundaries are given, or adapted before the
 * layer is called, and part of its config.
 */
export class Discretization extends Layer<DiscretizationConfig, Given> {
  static override readonly className: string = 'Discretization';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<DiscretizationConfig> = {
    binBoundaries: positional(
      option((argument, given): readonly number[] => {
        if (Array.isArray(given) && given.length > 0 && isOrdered(given)) return [...given];
        throw argumentError(argument, 'a list of numbers, ascending', given);
      }, null),
    ),
    numBins: integer(2, null),
    epsilon: fraction(0.01),
    outputMode: oneOf(['int', 'oneHot', 'multiHot', 'count'], 'int'),
  };
  #boundaries: readonly number[] | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or unless there are boundaries or a number of bins. */
  constructor(...given: Given) {
    super(...given);
    const { binBoundaries, numBins, epsilon } = this.options;
    if (!binBoundaries && numBins === undefined)
      throw argumentError('binBoundaries', 'given, or numBins', binBoundaries);
    if (binBoundaries && numBins !== undefined && binBoundaries.length >= numBins)
      throw argumentError('binBoundaries', `those of ${numBins} bins at most`, binBoundaries);
    // Those that were adapted may be equal: few different numbers have empty bins between them.
    if (binBoundaries && numBins === undefined && new Set(binBoundaries).size < binBoundaries.length)
      throw argumentError('binBoundaries', 'a list of numbers, ascending', binBoundaries);
    if (epsilon === 0) throw argumentError('epsilon', 'more than 0', epsilon);
    this.#boundaries = binBoundaries;
  }

  /** Where one bin ends and the next begins; undefined before there are boundaries. */
  get binBoundaries(): readonly number[] | undefined {
    return this.#boundaries;
  }

  /**
   * Finds bins that hold about equally many of these numbers, as Keras does from a summary of them; they may come in batches.
   * Large data is gone through in pieces, between which others have their turn: leave it as it is until then. What takes a few
   * milliseconds is done when this returns.
   * @throws {RidgelineError} `ERR_SHAPE` for data without elements, `ERR_NON_FINITE`; `ERR_ARGUMENT` for bad options, too few
   *   numbers, what is no batch or none at all, and a layer that was called before or has no number of bins.
   */
  adapt(data: TensorInput | BatchSource<TensorInput>, options?: AdaptOptions): Promise<void> {
    return adaptTo(data, options, () => this.#learning());
  }

  #learning(): Learning<TensorInput> {
    const { numBins = 0, epsilon } = this.options;
    const adaptable = (): void => this.#adaptable();
    let [summary, last]: [Summary?, (readonly number[])?] = [];
    return {
      *take(data) {
        adaptable();
        last = yield* numbersOf(data);
        summary = yield* summaryOf(last, epsilon, summary);
      },
      end: () => {
        const found = boundariesOf(summary as Summary, numBins);
        if (found.length === 0)
          throw argumentError('data', 'more numbers, for boundaries between some at this epsilon', last);
        adaptable();
        this.#boundaries = found;
        return undefined;
      },
    };
  }

  #adaptable(): void {
    if (this.options.numBins !== undefined && !this.built) return;
    const why = this.built ? 'was called before' : 'was given boundaries';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${this.name}' ${why} and cannot adapt`);
  }

  override build(_inputShape: Shape): void {
    if (this.#boundaries) return;
    throw new RidgelineError('ERR_ARGUMENT', 'it has no boundaries yet: adapt it, or give it some');
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const { outputMode } = this.options;
    const boundaries = this.#boundaries as readonly number[];
    const reached = ops.greaterEqual(ops.expandDims(x, -1), tensor([...boundaries]));
    const bin = ops.sum(ops.cast(reached, 'int32'), { axis: -1 });
    return outputMode === 'int' ? bin : encoded(bin, boundaries.length + 1, outputMode);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), binBoundaries: this.#boundaries ?? null };
  }
}

function* numbersOf(data: TensorInput): Work<readonly number[]> {
  const x = yield* tensorFrom(data, undefined);
  if (x.size === 0)
    throw new RidgelineError('ERR_SHAPE', `adapt expects numbers, received shape ${shapeText(x.shape)}`);
  const wrong = yield* find(x.elements, (value) => !Number.isFinite(value));
  if (wrong !== undefined) throw new RidgelineError('ERR_NON_FINITE', `data has ${wrong}`);
  return Array.from(x.elements, Math.fround);
}

/**
 * A discretization layer.
 * @param binBoundaries - Where one bin ends and the next begins, ascending.
 * @example
 * ```ts
 * const quarters = layers.discretization({ numBins: 4 });
 * await quarters.adapt([3, 1, 4, 1, 5, 9, 2, 6]);
 * ```
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
