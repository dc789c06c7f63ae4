/**
 * GroupQueryAttention (Ainslie et al. 2023): several heads of queries share one of keys and values.
 */
import { boolean, integer, rate } from '../../core/options.js';
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds } from '../arguments.js';
import type { EinsumDense } from '../core/einsum-dense.js';
import { Layer } from '../layer.js';
import {
  type BiasOptions,
  type KernelOptions,
  type LayerOptions,
  type RandomOptions,
  random,
  type Table,
  weight,
} from '../options.js';
import { ATTENTION_CALL_OPTIONS, type AttentionCallOptions, seenBy } from './call-options.js';
import { attend, projection } from './heads.js';
import { pairMask } from './masks.js';

/** Options of {@link GroupQueryAttention}. */
export interface GroupQueryAttentionOptions extends LayerOptions, KernelOptions, BiasOptions, RandomOptions {
  /** Share of what a query takes that is zeroed in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
  /** Adds biases. Default true. */
  readonly useBias?: boolean | undefined;
}

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
export class GroupQueryAttention extends Layer<GroupQueryAttentionConfig, Given> {
  static override readonly className: string = 'GroupQueryAttention';
  static override readonly supportsMasking: boolean = true;
  static override readonly callOptions: CallOptionKinds = ATTENTION_CALL_OPTIONS;
  static override readonly options: Table<GroupQueryAttentionConfig> = {
    headDim: integer(1),
    numQueryHeads: integer(1),
    numKeyValueHeads: integer(1),
    dropout: rate(0),
    useBias: boolean(true),
    kernel: weight('glorotUniform'),
    bias: weight('zeros'),
    ...random,
  };
  readonly #query: EinsumDense;
  readonly #key: EinsumDense;
  readonly #value: EinsumDense;
  #output!: EinsumDense;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
  constructor(...given: Given) {
    super(...given);
    const { headDim, numQueryHeads, numKeyValueHeads } = this.options;
    if (numQueryHeads % numKeyValueHeads !== 0)
      throw argumentError('numQueryHeads', `a multiple of ${numKeyValueHeads}`, numQueryHeads);
    const part = (name: string, heads: number): EinsumDense =>
      projection(this.options, name, 'abc,cxy->abxy', [null, heads, headDim], 'xy');
    this.#query = part('query', numQueryHeads);
    this.#key = part('key', numKeyValueHeads);
    this.#value = part('value', numKeyValueHeads);
  }

  override build(queryShape: Shape): void {
    const shape = [null, queryShape.at(-1) ?? null];
    this.#output = projection(this.options, 'attention_output', 'abxy,xyp->abp', shape, 'p');
  }

  override call(
    query: SymbolicTensor,
    value: SymbolicTensor,
    key?: SymbolicTensor,
    options: AttentionCallOptions = {},
  ): SymbolicTensor | SymbolicTensor[] {
    if (!(query instanceof SymbolicTensor) || !(value instanceof SymbolicTensor))
      throw argumentError('inputs', 'a query and a value', [query, value]);
    const { headDim, dropout, seed } = this.options;
    const heads = {
      query: this.#query(query.withMask(undefined)) as SymbolicTensor,
      key: this.#repeated(this.#key((key ?? value).withMask(undefined)) as SymbolicTensor),
      value: this.#repeated(this.#value(value.withMask(undefined)) as SymbolicTensor),
    };
    const { taken, shares } = attend(heads, {
      mask: pairMask(seenBy([query, value, key], options)),
      causal: options.useCausalMask ?? false,
      scale: 1 / Math.sqrt(headDim),
      rate: this.isTraining ? dropout : 0,
      seed,
      axes: [1],
      shares: options.returnAttentionScores ?? false,
    });
    const output = this.#output(taken) as SymbolicTensor;
    return shares ? [output, shares] : output;
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
): GroupQueryAttention;
export function groupQueryAttention(config: GroupQueryAttentionConfig): GroupQueryAttention;
export function groupQueryAttention(...given: unknown[]): GroupQueryAttention {
  return new GroupQueryAttention(...(given as Given));
}
