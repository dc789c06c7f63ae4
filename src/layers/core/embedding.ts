/**
 * Embedding: a vector for each of so many whole numbers, such as the words of a text.
 */
import type { ConstraintIdentifier } from '../../constraints/identifier.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import type { InitializerIdentifier } from '../../initializers/identifier.js';
import * as ops from '../../ops/index.js';
import type { RegularizerIdentifier } from '../../regularizers/identifier.js';
import { Layer } from '../layer.js';
import { boolean, integer, type LayerOptions, type Table, weight } from '../options.js';
import { rowsOf } from './rows.js';

/** Options of {@link Embedding}. */
export interface EmbeddingOptions extends LayerOptions {
  /** Says by a mask that index 0 stands for nothing, such as padding. Default false. */
  readonly maskZero?: boolean | undefined;
  /** Initial vectors. Default `randomUniform`. */
  readonly embeddingsInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the vectors. */
  readonly embeddingsRegularizer?: RegularizerIdentifier | undefined;
  /** What the vectors are projected to after each step. */
  readonly embeddingsConstraint?: ConstraintIdentifier | undefined;
}

/** Config of {@link Embedding}. */
export interface EmbeddingConfig extends EmbeddingOptions {
  /** Number of vectors: the largest index and one more. */
  readonly inputDim: number;
  /** Their size. */
  readonly outputDim: number;
}

type Given = [inputDim: number, outputDim: number, options?: EmbeddingOptions] | [config: EmbeddingConfig];

/**
 * The vectors of indices: input `[batch, …]` of whole numbers in `[0, inputDim)`, output `[batch, …, outputDim]`. An index
 * outside is an error, `ERR_ARGUMENT`.
 */
export class Embedding extends Layer<EmbeddingConfig, Given> {
  static override readonly className: string = 'Embedding';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<EmbeddingConfig> = {
    inputDim: integer(1),
    outputDim: integer(1),
    maskZero: boolean(false),
    embeddings: weight('randomUniform'),
  };
  #embeddings!: Weight;

  override build(): void {
    const { inputDim, outputDim, embeddings } = this.options;
    this.#embeddings = this.addWeight('embeddings', { shape: [inputDim, outputDim], ...embeddings });
  }

  /** Where the index is not 0, with `maskZero`. */
  override computeMask([indices]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    return this.options.maskZero ? ops.notEqual(indices as SymbolicTensor, 0) : undefined;
  }

  override call(indices: SymbolicTensor): SymbolicTensor {
    return rowsOf(this.#embeddings, indices);
  }
}

/**
 * An embedding layer.
 *
 * @param inputDim - Number of vectors: the largest index and one more.
 * @param outputDim - Their size.
 * @example
 * ```ts
 * const tokens = input({ shape: [null], dtype: 'int32' });
 * const words = layers.embedding(10_000, 64, { maskZero: true })(tokens);
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function embedding(inputDim: number, outputDim: number, options?: EmbeddingOptions): Embedding;
export function embedding(config: EmbeddingConfig): Embedding;
export function embedding(...given: unknown[]): Embedding {
  return new Embedding(...(given as Given));
}
