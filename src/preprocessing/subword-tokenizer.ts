/**
 * Subword tokens: texts as indices of the pieces of words that a trained tokenizer knows (byte pairs, WordPiece, Unigram), in
 * the format of Hugging Face's `tokenizer.json`. Splitting is left to their package `@huggingface/tokenizers`.
 */
import { createRequire } from 'node:module';
import type * as Tokenizers from '@huggingface/tokenizers';
import { isIndex, isPlain, MOST_INDEX } from '../core/check.js';
import { zeros } from '../core/elements.js';
import { boolean, integer, nullable, option, type Table } from '../core/options.js';
import { Tensor } from '../core/tensor.js';
import { atOnce } from '../core/turns.js';
import { argumentError, RidgelineError, show } from '../errors.js';
import { flat, isText, type Strings } from './items.js';
import { Preprocessor } from './preprocessor.js';

/** Options of {@link SubwordTokenizer}. */
export interface SubwordTokenizerOptions {
  /** What is in `tokenizer.json`: vocabulary, and how texts are split. */
  readonly tokenizer: Readonly<Record<string, unknown>>;
  /** What is in `tokenizer_config.json`, if there is one. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>> | undefined;
  /** Adds the tokens that the tokenizer puts around a text, such as `[CLS]`. Default true. */
  readonly addSpecialTokens?: boolean | undefined;
  /** Length of all rows. Default that of the longest text. */
  readonly outputSequenceLength?: number | null | undefined;
  /** Index that short rows are filled up with. Default 0. */
  readonly padToken?: number | undefined;
}

/** A parsed JSON object. */
const json = (argument: string, given: unknown): Record<string, unknown> => {
  if (isPlain(given)) return given as Record<string, unknown>;
  throw argumentError(argument, 'an object, as JSON.parse gives it', given);
};

/** The package, which who uses this installs. */
function load(): typeof Tokenizers {
  try {
    return createRequire(import.meta.url)('@huggingface/tokenizers') as typeof Tokenizers;
  } catch (cause) {
    const message =
      'subwordTokenizer needs the package @huggingface/tokenizers: npm install @huggingface/tokenizers';
    throw new RidgelineError('ERR_ARGUMENT', message, {}, { cause });
  }
}

/** A tokenizer that the package does not understand, and what it says. */
const unreadable = (tokenizer: object, cause: unknown): RidgelineError =>
  argumentError(
    'tokenizer',
    `what tokenizer.json holds (${cause instanceof Error ? cause.message : show(cause)})`,
    Object.keys(tokenizer),
  );

/** See {@link subwordTokenizer}. */
export class SubwordTokenizer extends Preprocessor<
  SubwordTokenizerOptions,
  [options: SubwordTokenizerOptions]
> {
  static override readonly className: string = 'SubwordTokenizer';
  static override readonly options: Table<SubwordTokenizerOptions> = {
    tokenizer: option(json) as never,
    tokenizerConfig: option(json, {}) as never,
    addSpecialTokens: boolean(true),
    outputSequenceLength: nullable(integer(1, null)),
    padToken: integer(0, 0, MOST_INDEX),
  };
  readonly #tokenizer: Tokenizers.Tokenizer;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, a tokenizer that cannot be read, or without the package. */
  constructor(options: SubwordTokenizerOptions) {
    super(options);
    const { tokenizer, tokenizerConfig } = this.options as unknown as Required<SubwordTokenizerOptions>;
    const { Tokenizer } = load();
    try {
      this.#tokenizer = new Tokenizer(tokenizer, tokenizerConfig);
    } catch (cause) {
      throw unreadable(tokenizer, cause);
    }
  }

  /** The largest index and one more. */
  get vocabularySize(): number {
    const ids = [...this.#tokenizer.get_vocab(true).values()];
    return ids.reduce((most, id) => Math.max(most, id), -1) + 1;
  }

  /**
   * Texts as rows `[texts, length]`: a list of them, or one text as a vector.
   * @throws {RidgelineError} `ERR_ARGUMENT` for other data; `ERR_SHAPE` for nested lists.
   */
  override call(data: Strings): Tensor {
    const { items, shape } = atOnce(flat('data', data, 'strings', isText));
    if (shape.length > 1)
      throw new RidgelineError('ERR_SHAPE', 'SubwordTokenizer expects a text, or a list of them');
    const { addSpecialTokens, outputSequenceLength, padToken } = this.options;
    const rows = items.map((text) => this.#encoded(text, addSpecialTokens));
    const length = outputSequenceLength ?? rows.reduce((most, row) => Math.max(most, row.length), 0);
    const indices = zeros('int32', rows.length * length).fill(padToken);
    for (const [i, row] of rows.entries()) indices.set(row.slice(0, length), i * length);
    return new Tensor(indices, shape.length === 0 ? [length] : [rows.length, length], 'int32');
  }

  #encoded(text: string, withSpecial: boolean): number[] {
    try {
      const { ids } = this.#tokenizer.encode(text, { add_special_tokens: withSpecial });
      const bad = ids.find((id: unknown) => !isIndex(id));
      if (bad === undefined) return ids;
    } catch (cause) {
      throw unreadable(this.options.tokenizer, cause);
    }
    throw argumentError(
      'tokenizer',
      `one whose indices are integers between 0 and ${MOST_INDEX}`,
      this.options.tokenizer,
    );
  }

  /**
   * The text of indices, without the tokens that stand for none.
   * @throws {RidgelineError} `ERR_ARGUMENT` for anything but a list of indices.
   */
  decode(indices: ArrayLike<number> | Tensor): string {
    const given: unknown = indices instanceof Tensor ? indices.data : indices;
    const list =
      Array.isArray(given) || ArrayBuffer.isView(given) ? Array.from(given as number[]) : [Number.NaN];
    if (!list.every(isIndex)) throw argumentError('indices', 'a list of indices ≥ 0', indices);
    try {
      return list.length === 0 ? '' : this.#tokenizer.decode(list, { skip_special_tokens: true });
    } catch (cause) {
      throw unreadable(this.options.tokenizer, cause);
    }
  }
}

/**
 * Texts as indices of pieces of words, by a tokenizer that was trained elsewhere; needs the package `@huggingface/tokenizers`.
 *
 * @example
 * ```ts
 * const tokenizer = JSON.parse(readFileSync('tokenizer.json', 'utf8'));
 * const pieces = preprocessing.subwordTokenizer({ tokenizer });
 * const rows = pieces.call(['unbelievable', 'very good']);
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, a tokenizer that cannot be read, or without the package.
 */
export const subwordTokenizer = (options: SubwordTokenizerOptions): SubwordTokenizer =>
  new SubwordTokenizer(options);
