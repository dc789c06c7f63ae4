/**
 * Text vectorization: texts as indices of their words, letters or n-grams, or as counts of them. As Keras'
 * `TextVectorization`.
 */
import { type AdaptOptions, adaptTo, type Learning } from '../core/adapting.js';
import type { BatchSource } from '../core/batches.js';
import { zeros } from '../core/elements.js';
import { integer, list, nullable, type Option, oneOf, option, type Table } from '../core/options.js';
import { Tensor } from '../core/tensor.js';
import { atOnce, type Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import {
  checkWeighed,
  type Learnt,
  learntConfig,
  lookupOptions,
  unknownWeight,
  VocabularyLearning,
} from '../layers/preprocessing/vocabulary.js';
import { flat, isString, isText, type Strings } from './items.js';
import { Preprocessor } from './preprocessor.js';
import { laterInAlphabet } from './string-lookup.js';

/** What becomes of a text before it is split: by name, or a function of one's own. */
export type Standardize =
  | 'lowerAndStripPunctuation'
  | 'lower'
  | 'stripPunctuation'
  | ((text: string) => string);
/** How a text falls apart into tokens: by name, or a function of one's own. */
export type Split = 'whitespace' | 'character' | ((text: string) => readonly string[]);

/** Options of {@link TextVectorization}. */
export interface TextVectorizationOptions {
  /** The most indices, those of padding and of unknown tokens among them: `adapt` keeps the most frequent tokens. */
  readonly maxTokens?: number | null | undefined;
  /**
   * What becomes of a text first; `null` for nothing. A function is saved by its name and passed to `loadModel` as one of
   * `custom`. Letters of all scripts are lowered, where Keras on TensorFlow lowers those of ASCII. Default
   * `'lowerAndStripPunctuation'`.
   */
  readonly standardize?: Standardize | null | undefined;
  /**
   * Tokens are what stands between white space, or characters, or what a function gives; `null` takes a text whole. Default
   * `'whitespace'`.
   */
  readonly split?: Split | null | undefined;
  /** Adds runs of up to so many tokens as tokens of their own, or runs of such lengths alone. Default none. */
  readonly ngrams?: number | readonly number[] | null | undefined;
  /**
   * `'int'` for the indices of the tokens, filled up with 0; else a vector over the vocabulary for each text: which tokens
   * it has (`'multiHot'`), how often (`'count'`), or that by how rare they are (`'tfIdf'`). Default `'int'`.
   */
  readonly outputMode?: 'int' | 'multiHot' | 'count' | 'tfIdf' | undefined;
  /** Length of all rows with `'int'`. Default that of the longest text. */
  readonly outputSequenceLength?: number | null | undefined;
  /** Vectors of `maxTokens` numbers, however many tokens there are. Default false. */
  readonly padToMaxTokens?: boolean | undefined;
  /** The tokens, different strings, instead of `adapt`. */
  readonly vocabulary?: readonly string[] | null | undefined;
  /** How rare each token of `vocabulary` is, for `'tfIdf'`. */
  readonly idfWeights?: readonly number[] | null | undefined;
}

/** Halves of surrogate pairs, and NUL. */
const MALFORMED = /[\p{Surrogate}\0]/gu;
const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g;
/** What stands for tokens that are not in the vocabulary; nobody may call a token so. */
const UNKNOWN = '[UNK]';

/** An option that may also be a function. */
const orFunction = <T extends string | ((text: string) => unknown)>(
  of: Option<Extract<T, string>, false>,
): Option<T, false> => ({
  ...of,
  read: (argument, given) => (typeof given === 'function' ? (given as T) : of.read(argument, given)),
  save: (value) => (typeof value === 'function' ? value : of.save(value as Extract<T, string>)),
});

function standardized(by: (text: string) => string, text: string): string {
  const found: unknown = by(text);
  if (typeof found === 'string') return found;
  throw argumentError('what standardize gives', 'a string', found);
}

function tokensOf(by: (text: string) => readonly string[], text: string): string[] {
  const found: unknown = by(text);
  if (Array.isArray(found) && Array.from(found).every(isText)) return found;
  throw argumentError('what split gives', 'a list of strings', found);
}

/** See {@link textVectorization}. */
export class TextVectorization extends Preprocessor<TextVectorizationOptions> {
  static override readonly className: string = 'TextVectorization';
  static override readonly options: Table<TextVectorizationOptions> = {
    maxTokens: nullable(integer(2, null)),
    standardize: nullable(
      orFunction<Standardize>(
        oneOf(['lowerAndStripPunctuation', 'lower', 'stripPunctuation'], 'lowerAndStripPunctuation'),
      ),
    ),
    split: nullable(orFunction<Split>(oneOf(['whitespace', 'character'], 'whitespace'))),
    ngrams: nullable(
      option((argument, given): number | readonly number[] => {
        const all: unknown[] = Array.isArray(given) ? given : [given];
        const fits = all.length > 0 && all.every((n) => Number.isSafeInteger(n) && (n as number) >= 1);
        if (fits && all.length < 64) return given as number | readonly number[];
        throw argumentError(argument, 'an integer ≥ 1, or a list of them', given);
      }, null),
    ),
    outputMode: oneOf(['int', 'multiHot', 'count', 'tfIdf'], 'int'),
    outputSequenceLength: nullable(integer(1, null)),
    padToMaxTokens: lookupOptions.padToMaxTokens,
    vocabulary: list<string, null>('a list of different strings', isText, null),
    idfWeights: lookupOptions.idfWeights,
  };
  #learnt: Learnt<string> | undefined;
  #index = new Map<string, number>();

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or some that do not go together. */
  constructor(options?: TextVectorizationOptions) {
    super(options);
    const { vocabulary, idfWeights, maxTokens, outputMode, outputSequenceLength } = this.options;
    checkWeighed(this.options);
    if (outputMode !== 'int' && outputSequenceLength !== undefined)
      throw argumentError('outputSequenceLength', "given with outputMode 'int' alone", outputSequenceLength);
    if (!vocabulary) return;
    if (
      new Set(vocabulary).size < vocabulary.length ||
      vocabulary.includes('') ||
      vocabulary.includes(UNKNOWN)
    )
      throw argumentError('vocabulary', `different strings, without '' and '${UNKNOWN}'`, vocabulary);
    if (maxTokens !== undefined && vocabulary.length > maxTokens - this.#reserved)
      throw argumentError('vocabulary', `at most ${maxTokens - this.#reserved} tokens`, vocabulary.length);
    this.#set({ vocabulary, idfWeights });
  }

  /** Indices of no token: that of padding, with `'int'`, and that of unknown ones. */
  get #reserved(): number {
    return this.options.outputMode === 'int' ? 2 : 1;
  }

  #set(learnt: Learnt<string>): void {
    this.#learnt = learnt;
    this.#index = new Map(learnt.vocabulary.map((token, i) => [token, i + this.#reserved]));
  }

  /** The tokens, in the order of their indices; undefined before there are any. */
  get vocabulary(): readonly string[] | undefined {
    return this.#learnt?.vocabulary;
  }

  /** How rare each token is, with `'tfIdf'`. */
  get idfWeights(): readonly number[] | undefined {
    return this.#learnt?.idfWeights;
  }

  /** Numbers of a vector, or the largest index and one more. */
  get vocabularySize(): number {
    const { padToMaxTokens, maxTokens } = this.options;
    if (padToMaxTokens) return maxTokens as number;
    return (this.#learnt?.vocabulary.length ?? 0) + this.#reserved;
  }

  /** The tokens of a text; what is no whole character in it counts as U+FFFD. */
  tokens(text: string): string[] {
    const { standardize, split, ngrams } = this.options;
    // Texts of users may be cut within a character, and no file holds such a token.
    const whole = text.replace(MALFORMED, '\uFFFD');
    let of = typeof standardize === 'function' ? standardized(standardize, whole) : whole;
    if (standardize === 'lower' || standardize === 'lowerAndStripPunctuation') of = of.toLowerCase();
    if (standardize === 'stripPunctuation' || standardize === 'lowerAndStripPunctuation')
      of = of.replace(PUNCTUATION, '');
    let tokens: string[] = [of];
    if (split === 'whitespace') tokens = of.split(/\s+/).filter((token) => token !== '');
    if (split === 'character') tokens = [...of];
    if (typeof split === 'function') tokens = tokensOf(split, of);
    if (ngrams === undefined) return tokens;
    const all = typeof ngrams === 'number' ? Math.min(ngrams, tokens.length) : 0;
    const lengths = typeof ngrams === 'number' ? Array.from({ length: all }, (_, i) => i + 1) : ngrams;
    return lengths.flatMap((n) =>
      Array.from({ length: Math.max(tokens.length - n + 1, 0) }, (_, i) => tokens.slice(i, i + n).join(' ')),
    );
  }

  /**
   * Takes the vocabulary from texts, or from batches of them: the most frequent tokens first, the later one in the alphabet
   * of equally frequent ones; and with `'tfIdf'` how rare they are. Many texts are gone through in pieces, between which
   * others have their turn. What takes a few milliseconds is done when this returns.
   * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, other data, data without tokens, what is no batch or none at
   *   all, or where a vocabulary was given.
   */
  adapt(data: Strings | BatchSource<Strings>, options?: AdaptOptions): Promise<void> {
    return adaptTo(data, options, () => this.#learning());
  }

  #learning(): Learning<Strings> {
    if (this.options.vocabulary !== undefined)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        'TextVectorization has the vocabulary that it was made with and cannot adapt',
      );
    // One index is for unknown tokens, and with 'int' one for padding.
    const lookup = { ...this.options, numOovIndices: 1, maskToken: '', oovToken: UNKNOWN };
    const documents = (data: Strings) => this.#documents(data);
    const set = (learnt: Learnt<string>): void => this.#set(learnt);
    return new VocabularyLearning({ ...lookup, invert: false }, laterInAlphabet, documents, set);
  }

  *#documents(data: Strings): Work<Iterable<string[]>> {
    const { items } = yield* flat('data', data, 'strings', isString);
    return this.#tokensOf(items);
  }

  *#tokensOf(texts: readonly string[]): Generator<string[]> {
    for (const text of texts) yield this.tokens(text);
  }

  /**
   * Texts as rows: a list of them, or a list of lists of one.
   * @throws {RidgelineError} `ERR_ARGUMENT` for other data, or before there is a vocabulary; `ERR_SHAPE` for lists of several.
   */
  override call(data: Strings): Tensor {
    if (!this.#learnt)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        'TextVectorization has no vocabulary yet: adapt it, or give it one',
      );
    const { items, shape } = atOnce(flat('data', data, 'strings', isString));
    if (shape.length > 2 || (shape.length === 2 && shape[1] !== 1))
      throw new RidgelineError(
        'ERR_SHAPE',
        'TextVectorization expects a list of texts, or lists of one each',
      );
    const rows = items.map((text) => this.tokens(text));
    const made = this.options.outputMode === 'int' ? this.#indices(rows) : this.#vectors(rows);
    const { outputMode, split, ngrams, outputSequenceLength } = this.options;
    // Texts that are not split have one index each.
    const isWhole = outputMode === 'int' && split === undefined && ngrams === undefined;
    if (isWhole && outputSequenceLength === undefined) return made.reshape(shape);
    return shape.length === 0 ? made.reshape(made.shape.slice(1)) : made;
  }

  #indices(rows: readonly string[][]): Tensor {
    const longest = rows.reduce((most, row) => Math.max(most, row.length), 0);
    const length = this.options.outputSequenceLength ?? longest;
    const data = zeros('int32', rows.length * length);
    for (const [i, row] of rows.entries())
      for (const [j, token] of row.slice(0, length).entries())
        data[i * length + j] = token === '' ? 0 : (this.#index.get(token) ?? 1);
    return new Tensor(data, [rows.length, length], 'int32');
  }

  #vectors(rows: readonly string[][]): Tensor {
    const size = this.vocabularySize;
    const data = zeros('float32', rows.length * size);
    const { outputMode } = this.options;
    const idf = this.#learnt?.idfWeights ?? [];
    const unknown = unknownWeight(idf);
    for (const [i, row] of rows.entries()) {
      for (const token of row) {
        const at = i * size + (this.#index.get(token) ?? 0);
        data[at] = outputMode === 'multiHot' ? 1 : (data[at] as number) + 1;
      }
      if (outputMode !== 'tfIdf') continue;
      for (let j = 0; j < size; j++)
        data[i * size + j] = (data[i * size + j] as number) * (j === 0 ? unknown : (idf[j - 1] ?? 0));
    }
    return new Tensor(data, [rows.length, size], 'float32');
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...learntConfig(this.#learnt) };
  }
}

/**
 * Texts as indices: 0 fills up, 1 is for unknown tokens, and 2, 3, … for those of the vocabulary; or as vectors over the
 * vocabulary, whose first number is for unknown tokens.
 *
 * @example
 * ```ts
 * const words = preprocessing.textVectorization({ outputSequenceLength: 4 });
 * await words.adapt(['The cat sat.', 'The dog!']);
 * words.vocabulary; // ['the', 'sat', 'dog', 'cat']
 * words.call(['the bird sat']).toArray(); // [[2, 1, 3, 0]]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const textVectorization = (options?: TextVectorizationOptions): TextVectorization =>
  new TextVectorization(options);
