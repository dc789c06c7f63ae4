/**
 * Attention without heads or weights of its own, by inner products (Luong et al. 2015).
 */

import { boolean, oneOf, rate } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import * as ops from '../../ops/index.js';
import { type LayerOptions, type RandomOptions, random, type Table } from '../options.js';
import type { ByScores } from './call-options.js';
import { ScoreAttention } from './score-attention.js';

/** Options of {@link Attention}. */
export interface AttentionOptions extends LayerOptions, RandomOptions {
  /** Multiplies scores by a learned number. Default false. */
  readonly useScale?: boolean | undefined;
  /** Scores by `q·k`, or by `w·Σ tanh(q + k)` with a learned number w. Default `'dot'`. */
  readonly scoreMode?: 'dot' | 'concat' | undefined;
  /** Share of what a query takes that is zeroed in training, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
}

/** `softmax(scores)·v`; see {@link ScoreAttention} for what it is called with. */
export class Attention extends ScoreAttention<AttentionOptions> {
  static override readonly className: string = 'Attention';
  static override readonly options: Table<AttentionOptions> = {
    useScale: boolean(false),
    scoreMode: oneOf(['dot', 'concat'], 'dot'),
    dropout: rate(0),
    ...random,
  };
  #scale: Weight | undefined;
  #concat: Weight | undefined;

  protected override get drop(): { rate: number; seed: number | undefined } {
    return { rate: this.options.dropout, seed: this.options.seed };
  }

  override build(): void {
    const one = { shape: [], initializer: 'ones' } as const;
    if (this.options.useScale) this.#scale = this.addWeight('scale', one);
    if (this.options.scoreMode === 'concat') this.#concat = this.addWeight('concat_score_weight', one);
  }

  protected override factors(query: SymbolicTensor): SymbolicTensor | undefined {
    if (this.#concat) return undefined;
    return this.#scale ? ops.mul(query, this.#scale) : query;
  }

  protected override scores(query: SymbolicTensor, key: SymbolicTensor): SymbolicTensor {
    const scaled = (x: SymbolicTensor): SymbolicTensor => (this.#scale ? ops.mul(x, this.#scale) : x);
    if (!this.#concat) return scaled(ops.matmul(query, key, { transposeB: true }) as SymbolicTensor);
    const pairs = ops.add(ops.expandDims(query, -2), ops.expandDims(key, -3)) as SymbolicTensor;
    return ops.mul(ops.sum(ops.tanh(scaled(pairs)), { axis: -1 }), this.#concat);
  }
}

/**
 * An attention layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const attention = (options?: AttentionOptions): ByScores<Attention> =>
  new Attention(options) as ByScores<Attention>;
