/**
 * MultiHeadAttention (Vaswani et al. 2017): queries look at keys and take what they find there, several times side by side.
 */

import { axes, integer, nullable, option } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { argumentError, RidgelineError } from '../../errors.js';
import type { EinsumDense } from '../core/einsum-dense.js';
import type { Table } from '../options.js';
import type { WithHeads } from './call-options.js';
import {
  type GatedHeads,
  HeadAttention,
  type HeadAttentionOptions,
  headAttention,
} from './head-attention.js';

/** Options of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionOptions extends HeadAttentionOptions {
  /** Size of a value of one head. Default `keyDim`. */
  readonly valueDim?: number | null | undefined;
  /** Size of the output, or sizes behind batch and time. Default the query's. */
  readonly outputShape?: number | readonly number[] | null | undefined;
  /** Axes that are looked along. Default all between the batch and the features. */
  readonly attentionAxes?: number | readonly number[] | null | undefined;
}

/** Config of {@link MultiHeadAttention}. */
export interface MultiHeadAttentionConfig extends MultiHeadAttentionOptions {
  /** Number of heads. */
  readonly numHeads: number;
  /** Size of a query and of a key of one head. */
  readonly keyDim: number;
}

type Given =
  | [numHeads: number, keyDim: number, options?: MultiHeadAttentionOptions]
  | [config: MultiHeadAttentionConfig];

/**
 * `softmax(q·kᵀ / √keyDim)·v` for each head, of queries, keys and values that dense layers make of the inputs, and a dense
 * layer behind. Called with a query `[batch, queries, features]`, a value `[batch, keys, features]` and, if it is another
 * one, a key; gives `[batch, queries, features]`. A query that sees nothing takes 0. Weights as in Keras.
 *
 * @example
 * ```ts
 * const attend = layers.multiHeadAttention(8, 16, { dropout: 0.1 });
 * const x = input([null, 128]);
 * const y = attend(x, x, { useCausalMask: true });
 * ```
 */
export class MultiHeadAttention extends HeadAttention<MultiHeadAttentionConfig, Given> {
  static override readonly className: string = 'MultiHeadAttention';
  static override readonly regularizesOutputs: boolean = false;
  static override readonly options: Table<MultiHeadAttentionConfig> = {
    numHeads: integer(1),
    keyDim: integer(1),
    valueDim: integer(1, null),
    outputShape: nullable(
      option((argument, given): number | readonly number[] => {
        const all: unknown[] = Array.isArray(given) ? given : [given];
        const fits = all.every((size) => Number.isSafeInteger(size) && (size as number) > 0);
        if (all.length > 0 && fits) return given as number | readonly number[];
        throw argumentError(argument, 'a size ≥ 1, or a list of them', given);
      }, null),
    ),
    attentionAxes: nullable(axes(null)),
    ...headAttention,
  };
  #query!: EinsumDense;
  #key!: EinsumDense;
  #value!: EinsumDense;
  #output!: EinsumDense;
  #axes!: number[];

  override build(queryShape: Shape): void {
    const { numHeads, keyDim, valueDim = keyDim, outputShape, useGate } = this.options;
    const rank = queryShape.length;
    if (rank < 3) {
      const message = `layer '${this.name}' expects a query [batch, time, features], received ${rank} axes`;
      throw new RidgelineError('ERR_SHAPE', message, { received: queryShape });
    }
    const letters = 'abcdefgh'.slice(0, rank);
    const [leading, features] = [letters.slice(0, -1), letters.at(-1)];
    const free = Array.from({ length: rank - 2 }, () => null);
    const part = (name: string, size: number, activation?: 'sigmoid'): EinsumDense => {
      const equation = `${letters},${features}xy->${leading}xy`;
      return this.projection(name, equation, [...free, numHeads, size], 'xy', activation);
    };
    this.#query = part('query', keyDim);
    this.#key = part('key', keyDim);
    if (useGate) this.gate = part('gate', valueDim, 'sigmoid');
    this.#value = part('value', valueDim);
    const made = outputShape === undefined ? [queryShape.at(-1) ?? null] : [outputShape].flat();
    const names = 'pqrstu'.slice(0, made.length);
    const equation = `${leading}xy,xy${names}->${leading}${names}`;
    const shape = [...free, ...(made as number[])];
    this.#output = this.projection('attention_output', equation, shape, names);
    this.#axes = this.#attended(rank);
  }

  #attended(rank: number): number[] {
    const given = this.options.attentionAxes;
    if (given === undefined) return Array.from({ length: rank - 2 }, (_, i) => i + 1);
    const all = [given].flat().map((axis) => (axis < 0 ? axis + rank : axis));
    const fits = all.every((axis) => axis >= 1 && axis < rank - 1) && new Set(all).size === all.length;
    if (fits) return all;
    throw argumentError('attentionAxes', `different axes between batch and features of rank ${rank}`, given);
  }

  protected override get axes(): readonly number[] {
    return this.#axes;
  }
  protected override get keySize(): number {
    return this.options.keyDim;
  }

  protected override heads(query: SymbolicTensor, key: SymbolicTensor, value: SymbolicTensor): GatedHeads {
    return {
      query: this.#query(query) as SymbolicTensor,
      key: this.#key(key) as SymbolicTensor,
      gate: this.gate?.(query) as SymbolicTensor | undefined,
      value: this.#value(value) as SymbolicTensor,
    };
  }

  protected override combined(taken: SymbolicTensor): SymbolicTensor {
    return this.#output(taken) as SymbolicTensor;
  }
}

/**
 * A multi-head attention layer.
 *
 * @param numHeads - Number of heads.
 * @param keyDim - Size of a query and of a key of one head.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function multiHeadAttention(
  numHeads: number,
  keyDim: number,
  options?: MultiHeadAttentionOptions,
): WithHeads<MultiHeadAttention>;
export function multiHeadAttention(config: MultiHeadAttentionConfig): WithHeads<MultiHeadAttention>;
export function multiHeadAttention(...given: unknown[]): MultiHeadAttention {
  return new MultiHeadAttention(...(given as Given));
}
