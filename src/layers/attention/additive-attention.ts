/**
 * AdditiveAttention (Bahdanau et al. 2015): attention by a sum under a tanh.
 */

import { boolean, rate } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import * as ops from '../../ops/index.js';
import { type LayerOptions, type RandomOptions, random, type Table } from '../options.js';
import type { ByScores } from './call-options.js';
import { ScoreAttention } from './score-attention.js';

/** Options of {@link AdditiveAttention}. */
export interface AdditiveAttentionOptions extends LayerOptions, RandomOptions {
  /** Multiplies what is summed by a learned vector. Default true. */
  readonly useScale?: boolean | undefined;
  /** Share of what a query takes that is zeroed in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
}

/** `softmax(Σ scale·tanh(q + k))·v`; see {@link ScoreAttention} for what it is called with. */
export class AdditiveAttention extends ScoreAttention<AdditiveAttentionOptions> {
  static override readonly className: string = 'AdditiveAttention';
  static override readonly options: Table<AdditiveAttentionOptions> = {
    useScale: boolean(true),
    dropout: rate(0),
    ...random,
  };
  #scale: Weight | undefined;

  protected override get drop(): { rate: number; seed: number | undefined } {
    return { rate: this.options.dropout, seed: this.options.seed };
  }

  override build(queryShape: Shape): void {
    if (this.options.useScale) this.#scale = this.addWeight('scale', { shape: [queryShape.at(-1) ?? null] });
  }

  protected override scores(query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor {
    const pairs = ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3)) as SymbolicTensor;
    const values = ops.tanh(pairs);
    return ops.sum(this.#scale ? ops.mul(values, this.#scale) : values, { axis: -1 });
  }
}

/**
 * An additive attention layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const additiveAttention = (options?: AdditiveAttentionOptions): ByScores<AdditiveAttention> =>
  new AdditiveAttention(options) as ByScores<AdditiveAttention>;
