/**
 * String lookup: strings by their place in a vocabulary. As Keras' `StringLookup`.
 */
import { type AdaptOptions, adaptTo, type Learning } from '../core/adapting.js';
import type { BatchSource } from '../core/batches.js';
import { list, nullable, option, type Table } from '../core/options.js';
import { Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { atOnce } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import { type LookupOptions, lookupOptions, Vocabulary } from '../layers/preprocessing/vocabulary.js';
import { guard, native } from '../native.js';
import { flat, type Items, isText, nested, type Strings } from './items.js';
import { Preprocessor } from './preprocessor.js';

/** Options of {@link StringLookup}: tokens are strings, and `oovToken` is `'[UNK]'` by default. */
export interface StringLookupOptions extends LookupOptions<string> {}

const text = (argument: string, given: unknown): string => {
  if (isText(given)) return given;
  throw argumentError(argument, 'a string', given);
};

/** Which of two strings stands later in the alphabet, for `sort`. */
export const laterInAlphabet = (a: string, b: string): number =>
  Buffer.compare(Buffer.from(b), Buffer.from(a));

/** See {@link stringLookup}. */
export class StringLookup extends Preprocessor<StringLookupOptions> {
  static override readonly className: string = 'StringLookup';
  static override readonly options: Table<StringLookupOptions> = {
    ...lookupOptions,
    vocabulary: list<string, null>('a list of different strings', isText, null),
    maskToken: nullable(option(text, null)),
    oovToken: option(text, '[UNK]'),
  };
  readonly #vocabulary: Vocabulary<string>;
  #index = new Map<string, number>();

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or some that do not go together. */
  constructor(options?: StringLookupOptions) {
    super(options);
    this.#vocabulary = new Vocabulary(this.options, 'strings');
    this.#count();
  }

  /** The tokens, in the order of their indices; undefined before there are any. */
  get vocabulary(): readonly string[] | undefined {
    return this.#vocabulary.tokens;
  }

  /** Numbers of a vector, or the largest index and one more: what an embedding behind it needs. */
  get vocabularySize(): number {
    return this.#vocabulary.size;
  }

  /** How rare each token is, with `'tfIdf'`. */
  get idfWeights(): readonly number[] | undefined {
    return this.#vocabulary.idfWeights;
  }

  /** Numbers the tokens. */
  #count(): void {
    const { reserved } = this.#vocabulary;
    this.#index = new Map(this.vocabulary?.map((token, i) => [token, i + reserved]));
  }

  /**
   * Takes the vocabulary from strings of any shape, or from batches of them: the most frequent first, the later one in the
   * alphabet of equally frequent ones; and with `'tfIdf'` in how many rows each occurs. Many are gone through in pieces,
   * between which others have their turn: leave them as they are until then. What takes a few milliseconds is done when
   * this returns.
   * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, other data, data without tokens, what is no batch or none at
   *   all, or a lookup that was given a vocabulary.
   */
  adapt(data: Items | BatchSource<Items>, options?: AdaptOptions): Promise<void> {
    return adaptTo(data, options, () => this.#learning());
  }

  #learning(): Learning<Items> {
    if (this.options.vocabulary !== undefined)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        'StringLookup has the vocabulary that it was made with and cannot adapt',
      );
    const strings = (data: Items) => flat('data', data, 'strings', isText);
    return this.#vocabulary.learning(laterInAlphabet, strings, (learnt) => {
      this.#vocabulary.set(learnt);
      this.#count();
    });
  }

  /**
   * Indices of strings, in a tensor of the shape that the lists have; or, inverted, strings of indices, in lists.
   * @throws {RidgelineError} `ERR_ARGUMENT` for other data, a lookup without a vocabulary, or unknown strings where they
   *   have no index; `ERR_SHAPE` for lists of different lengths.
   */
  override call(data: Strings): Tensor;
  override call(data: Items | TensorInput): Tensor | string | unknown[];
  override call(data: Items | TensorInput): Tensor | string | unknown[] {
    if (!this.vocabulary)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        'StringLookup has no vocabulary yet: adapt it, or give it one',
      );
    const { invert, maskToken, numOovIndices } = this.options;
    if (invert) return this.#tokens(tensor(data as TensorInput)) as string | unknown[];
    const { shape, items } = atOnce(flat('data', data, 'strings', isText));
    const masked = maskToken === undefined ? 0 : 1;
    const indices = Int32Array.from(
      items,
      (token) => this.#index.get(token) ?? (token === maskToken ? 0 : -1),
    );
    const unknown = items.filter((_, i) => indices[i] === -1);
    if (numOovIndices === 0 && unknown.length > 0)
      throw argumentError('data', 'strings of the vocabulary alone, as numOovIndices is 0', unknown[0]);
    const buckets = guard(() => native.hashBuckets(unknown, numOovIndices, masked));
    let next = 0;
    for (let i = 0; i < indices.length; i++) if (indices[i] === -1) indices[i] = buckets[next++] as number;
    return this.#vocabulary.encoded(new Tensor(indices, shape, 'int32') as never) as never as Tensor;
  }

  #tokens(indices: Tensor): unknown {
    const { maskToken, oovToken } = this.options;
    const token = (index: number): string => {
      if (index === 0 && maskToken !== undefined) return maskToken;
      return this.vocabulary?.[index - this.#vocabulary.reserved] ?? oovToken;
    };
    return nested(Array.from(indices.data, token), indices.shape);
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#vocabulary.config() };
  }
}

/**
 * Strings by their place in a vocabulary: 0 for unknown ones and 1, 2, … for those of the vocabulary; with a mask token, 0
 * for it and one more for all others.
 *
 * @example
 * ```ts
 * const city = preprocessing.stringLookup({ vocabulary: ['Bern', 'Genf'] });
 * city.call([['Genf'], ['Ulm']]); // int32 [[2], [0]]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const stringLookup = (options?: StringLookupOptions): StringLookup => new StringLookup(options);
