/**
 * GroupQueryAttention (Ainslie et al. 2023): several heads of queries share one of keys and values.
 */

import { integer } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { EinsumDense } from '../core/einsum-dense.js';
import type { Table } from '../options.js';
import type { WithHeads } from './call-options.js';
import {
  type GatedHeads,
  HeadAttention,
  type HeadAttentionOptions,
  headAttention,
} from './head-attention.js';

/** Options of {@link GroupQueryAttention}. */
export interface GroupQueryAttentionOptions extends HeadAttentionOptions {}

/** Config of {@link GroupQueryAttention}. */
export interface GroupQueryAttentionConfig extends GroupQueryAttentionOptions {
  /** Size of a head. */
  readonly headDim: number;
  /** Heads of queries, a multiple of those of keys and values. */
  readonly numQueryHeads: number;
  /** Heads of keys and values. */
  readonly numKeyValueHeads: number;
}

type Given =
  | [headDim: number, numQueryHeads: number, numKeyValueHeads: number, options?: GroupQueryAttentionOptions]
  | [config: GroupQueryAttentionConfig];

/**
 * As {@link MultiHeadAttention}, called and masked alike, with `numQueryHeads / numKeyValueHeads` heads of queries for each
 * of keys and values.
 */
export class GroupQueryAttention extends HeadAttention<GroupQueryAttentionConfig, Given> {
  static override readonly className: string = 'GroupQueryAttention';
  static override readonly options: Table<GroupQueryAttentionConfig> = {
    headDim: integer(1),
    numQueryHeads: integer(1),
    numKeyValueHeads: integer(1),
    ...headAttention,
  };
  readonly #query: EinsumDense;
  readonly #key: EinsumDense;
  readonly #value: EinsumDense;
  #output!: EinsumDense;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: Given) {
    super(...given);
    const { headDim, numQueryHeads, numKeyValueHeads, useGate } = this.options;
    if (numQueryHeads % numKeyValueHeads !== 0)
      throw argumentError('numQueryHeads', `a multiple of ${numKeyValueHeads}`, numQueryHeads);
    const part = (name: string, heads: number, activation?: 'sigmoid'): EinsumDense =>
      this.projection(name, 'abc,cxy->abxy', [null, heads, headDim], 'xy', activation);
    this.#query = part('query', numQueryHeads);
    this.#key = part('key', numKeyValueHeads);
    if (useGate) this.gate = part('gate', numQueryHeads, 'sigmoid');
    this.#value = part('value', numKeyValueHeads);
  }

  override build(queryShape: Shape): void {
    const shape = [null, queryShape.at(-1) ?? null];
    this.#output = this.projection('attention_output', 'abxy,xyp->abp', shape, 'p');
  }

  protected override readonly axes = [1];
  protected override get keySize(): number {
    return this.options.headDim;
  }

  protected override heads(query: SymbolicTensor, key: SymbolicTensor, value: SymbolicTensor): GatedHeads {
    return {
      query: this.#query(query) as SymbolicTensor,
      key: this.#repeated(this.#key(key) as SymbolicTensor),
      gate: this.gate?.(query) as SymbolicTensor | undefined,
      value: this.#repeated(this.#value(value) as SymbolicTensor),
    };
  }

  protected override combined(taken: SymbolicTensor): SymbolicTensor {
    return this.#output(taken) as SymbolicTensor;
  }

  /** A head for each of the queries'. */
  #repeated(x: SymbolicTensor): SymbolicTensor {
    const { headDim, numQueryHeads, numKeyValueHeads } = this.options;
    const each = numQueryHeads / numKeyValueHeads;
    if (each === 1) return x;
    const apart = ops.expandDims(x, 3);
    const repeated = ops.broadcastTo(apart, [null, null, numKeyValueHeads, each, headDim]);
    return ops.reshape(repeated, [null, null, numQueryHeads, headDim]);
  }
}

/**
 * A grouped-query attention layer.
 *
 * @param headDim - Size of a head.
 * @param numQueryHeads - Heads of queries.
 * @param numKeyValueHeads - Heads of keys and values.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function groupQueryAttention(
  headDim: number,
  numQueryHeads: number,
  numKeyValueHeads: number,
  options?: GroupQueryAttentionOptions,
): WithHeads<GroupQueryAttention>;
export function groupQueryAttention(config: GroupQueryAttentionConfig): WithHeads<GroupQueryAttention>;
export function groupQueryAttention(...given: unknown[]): GroupQueryAttention {
  return new GroupQueryAttention(...(given as Given));
}
