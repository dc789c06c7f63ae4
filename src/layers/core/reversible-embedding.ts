/**
 * ReversibleEmbedding: an embedding whose vectors also tell, the other way, how much each word is meant (Press & Wolf 2017).
 */
import { nullable, positive } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import type { Weight } from '../../core/weight.js';
import { RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { CallOptionKinds, CallOptions } from '../arguments.js';
import { Layer } from '../layer.js';
import { boolean, integer, type Table, weight } from '../options.js';
import type { EmbeddingConfig, EmbeddingOptions } from './embedding.js';
import { rowsOf } from './rows.js';

/** Options of {@link ReversibleEmbedding}. */
export interface ReversibleEmbeddingOptions extends EmbeddingOptions {
  /** The way back uses the same vectors; if false, a weight `[outputDim, inputDim]` of its own. Default true. */
  readonly tieWeights?: boolean | undefined;
  /** Bends logits into (−cap, cap): `cap · tanh(logits / cap)`. Default none. */
  readonly logitSoftCap?: number | null | undefined;
}

/** Config of {@link ReversibleEmbedding}. */
export interface ReversibleEmbeddingConfig extends ReversibleEmbeddingOptions, EmbeddingConfig {}

/** What a call of {@link ReversibleEmbedding} takes. */
export interface ReversibleEmbeddingCallOptions extends CallOptions {
  /** From vectors to logits, instead of from indices to vectors. Default false. */
  readonly reverse?: boolean | undefined;
}

type Given =
  | [inputDim: number, outputDim: number, options?: ReversibleEmbeddingOptions]
  | [config: ReversibleEmbeddingConfig];

/**
 * The vectors of indices, as `embedding` gives them: `[batch, …]` of whole numbers in `[0, inputDim)` becomes
 * `[batch, …, outputDim]`. Called with `{ reverse: true }` on `[batch, …, outputDim]` it gives logits
 * `[batch, …, inputDim]`, `x · embeddingsᵀ`. As in Keras, logits have no mask: weigh the positions that count by
 * `sampleWeight`, or mask them with the call's `mask` of a layer behind.
 *
 * @example
 * ```ts
 * const words = layers.reversibleEmbedding(1000, 32);
 * const tokens = input({ shape: [null], dtype: 'int32' });
 * const hidden = layers.lstm(32, { returnSequences: true })(words(tokens));
 * const model = new Model({ inputs: tokens, outputs: words(hidden, { reverse: true }) });
 * ```
 */
export class ReversibleEmbedding extends Layer<ReversibleEmbeddingConfig, Given> {
  static override readonly className: string = 'ReversibleEmbedding';
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = { reverse: 'flag' };
  static override readonly options: Table<ReversibleEmbeddingConfig> = {
    inputDim: integer(1),
    outputDim: integer(1),
    tieWeights: boolean(true),
    maskZero: boolean(false),
    logitSoftCap: nullable(positive(null)),
    embeddings: weight('randomUniform'),
  };
  #embeddings!: Weight;
  #reverse: Weight | undefined;

  override build(): void {
    const { inputDim, outputDim, tieWeights, embeddings } = this.options;
    this.#embeddings = this.addWeight('embeddings', { shape: [inputDim, outputDim], ...embeddings });
    if (tieWeights) return;
    const { initializer } = embeddings;
    this.#reverse = this.addWeight('reverse_embeddings', { shape: [outputDim, inputDim], initializer });
  }

  override call(x: SymbolicTensor, options: ReversibleEmbeddingCallOptions = {}): SymbolicTensor {
    if (options.reverse) return this.#logits(x);
    const rows = rowsOf(this.#embeddings, x);
    return this.options.maskZero ? rows.withMask(ops.notEqual(x, 0)) : rows;
  }

  #logits(x: SymbolicTensor): SymbolicTensor {
    const { outputDim, logitSoftCap: cap } = this.options;
    if (x.shape.length < 2 || x.shape.at(-1) !== outputDim) {
      const message = `layer '${this.name}' expects vectors [batch, …, ${outputDim}] for its way back, received ${shapeText(x.shape)}`;
      throw new RidgelineError('ERR_SHAPE', message, { received: x.shape });
    }
    const logits = this.#reverse
      ? ops.matmul(x, this.#reverse)
      : ops.matmul(x, this.#embeddings, { transposeB: true });
    return cap === undefined ? logits : ops.mul(ops.tanh(ops.div(logits, cap)), cap);
  }
}

/**
 * An embedding layer that goes both ways.
 *
 * @param inputDim - Number of vectors: the largest index and one more.
 * @param outputDim - Their size.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function reversibleEmbedding(
  inputDim: number,
  outputDim: number,
  options?: ReversibleEmbeddingOptions,
): ReversibleEmbedding;
export function reversibleEmbedding(config: ReversibleEmbeddingConfig): ReversibleEmbedding;
export function reversibleEmbedding(...given: unknown[]): ReversibleEmbedding {
  return new ReversibleEmbedding(...(given as Given));
}
