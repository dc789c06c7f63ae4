/**
 * Vocabularies: what lookups of tokens of any kind have in common.
 */
import type { Learning } from '../../core/adapting.js';
import * as check from '../../core/check.js';
import { boolean, integer, list, oneOf, option } from '../../core/options.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { type Tensor, tensor } from '../../core/tensor.js';
import { sorted, type Work } from '../../core/turns.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { type Encoding, encoded } from './encoding.js';

/** Tokens that are counted between two places to yield: a millisecond's work. */
const COUNTED = 2 ** 13;
/** The most indices for unknown tokens: inverted, each stands in a table. */
const MOST_OOV = 2 ** 24;

/** Options of every lookup, of tokens `T`. */
export interface LookupOptions<T> {
  /** The tokens, all different, instead of `adapt`. */
  readonly vocabulary?: readonly T[] | null | undefined;
  /** The most indices, those for the mask and for unknown tokens among them: `adapt` keeps the most frequent tokens. */
  readonly maxTokens?: number | null | undefined;
  /**
   * Indices for unknown tokens. Several are told apart, numbers by the remainder of a division and strings by a hash;
   * with 0 an unknown token is an error. Default 1.
   */
  readonly numOovIndices?: number | undefined;
  /** The token that stands for nothing: it has index 0, and is in no vector. */
  readonly maskToken?: T | null | undefined;
  /** The token that `invert` gives for unknown ones. */
  readonly oovToken?: T | undefined;
  /** Gives tokens for indices. Default false. */
  readonly invert?: boolean | undefined;
  /**
   * `'int'` for the index, as int32; vectors as of `categoryEncoding`; or counts by how rare a token is (`'tfIdf'`).
   * Default `'int'`.
   */
  readonly outputMode?: 'int' | Encoding | 'tfIdf' | undefined;
  /** How rare each token of `vocabulary` is, for `'tfIdf'`. */
  readonly idfWeights?: readonly number[] | null | undefined;
  /** Vectors of `maxTokens` numbers, however many tokens there are. Default false. */
  readonly padToMaxTokens?: boolean | undefined;
}

/** Their checks and defaults, where they are the same for all tokens. */
export const lookupOptions = {
  maxTokens: option((argument, given) => check.integer(argument, given, 1), null),
  numOovIndices: integer(0, 1, MOST_OOV),
  invert: boolean(false),
  outputMode: oneOf(['int', 'oneHot', 'multiHot', 'count', 'tfIdf'], 'int'),
  idfWeights: list<number, null>('a list of numbers ≥ 0', (x) => check.isFloat(x) && x >= 0, null),
  padToMaxTokens: boolean(false),
};

/** What of checked options says how large vectors are, and how their numbers weigh. */
export interface WeighedValues {
  readonly vocabulary: readonly unknown[] | undefined;
  readonly maxTokens: number | undefined;
  readonly outputMode: string;
  readonly idfWeights: readonly number[] | undefined;
  readonly padToMaxTokens: boolean;
}

/** Checked options of a lookup of tokens `T`. */
export interface LookupValues<T> extends WeighedValues {
  readonly vocabulary: readonly T[] | undefined;
  readonly numOovIndices: number;
  readonly maskToken: T | undefined;
  readonly oovToken: T;
  readonly invert: boolean;
  readonly outputMode: 'int' | Encoding | 'tfIdf';
}

/** Tokens that were learnt, and with `'tfIdf'` how rare each is. */
export interface Learnt<T> {
  readonly vocabulary: readonly T[];
  readonly idfWeights: readonly number[] | undefined;
}

/** Indices that no token of the vocabulary has: the mask's and those of unknown tokens. */
const reserved = <T>({ numOovIndices, maskToken }: LookupValues<T>): number =>
  numOovIndices + (maskToken === undefined ? 0 : 1);

/** Those of them that count towards `maxTokens`: vectors have no place for the mask. */
const placesOfNone = <T>(of: LookupValues<T>): number =>
  of.outputMode === 'int' ? reserved(of) : of.numOovIndices;

/** @throws {RidgelineError} `ERR_ARGUMENT` for weights or a padding that have no use. */
export function checkWeighed(of: WeighedValues): void {
  const { vocabulary, idfWeights, outputMode, maxTokens, padToMaxTokens } = of;
  if (padToMaxTokens && (maxTokens === undefined || outputMode === 'int'))
    throw argumentError('padToMaxTokens', "false without maxTokens or with outputMode 'int'", true);
  if (!vocabulary) {
    if (idfWeights) throw argumentError('idfWeights', 'given with a vocabulary', idfWeights);
    return;
  }
  if ((outputMode === 'tfIdf') !== (idfWeights !== undefined))
    throw argumentError('idfWeights', "given where outputMode is 'tfIdf', with the vocabulary", idfWeights);
  if (idfWeights && idfWeights.length !== vocabulary.length)
    throw argumentError('idfWeights', `one for each of ${vocabulary.length} tokens`, idfWeights);
}

/**
 * @param what - What tokens are, for errors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for options that do not go together, or a vocabulary that is none.
 */
function checkLookup<T>(of: LookupValues<T>, what: string): void {
  const { vocabulary, maxTokens, maskToken, oovToken, invert, outputMode } = of;
  const others = placesOfNone(of);
  if (maskToken === oovToken) throw argumentError('maskToken', 'another than oovToken', maskToken);
  if (invert && outputMode !== 'int')
    throw argumentError('outputMode', "'int' for a layer that inverts", outputMode);
  if (maxTokens !== undefined && maxTokens <= others)
    throw argumentError('maxTokens', `more than the ${others} of no token`, maxTokens);
  checkWeighed(of);
  if (!vocabulary) return;
  const tokens = new Set(vocabulary);
  if (tokens.size === 0 || tokens.size < vocabulary.length)
    throw argumentError('vocabulary', `a list of different ${what}`, vocabulary);
  for (const token of [maskToken, oovToken]) {
    if (token !== undefined && tokens.has(token))
      throw argumentError('vocabulary', 'without maskToken and oovToken', token);
  }
  if (maxTokens !== undefined && tokens.size + others > maxTokens)
    throw argumentError('vocabulary', `at most ${maxTokens - others} tokens`, tokens.size);
}

/**
 * Learns the vocabulary of documents: the most frequent tokens first, as many as there is room for; and with `'tfIdf'` how
 * rare each is, `ln(1 + n/(1 + of them that have it))` of n documents.
 */
export class VocabularyLearning<X, T> implements Learning<X> {
  readonly #of: LookupValues<T>;
  readonly #order: (a: T, b: T) => number;
  readonly #documentsOf: (data: X) => Work<Iterable<ArrayLike<T>>>;
  readonly #whenLearnt: (learnt: Learnt<T>) => void;
  readonly #counts = new Map<T, number>();
  readonly #having = new Map<T, number>();
  #documents = 0;

  /**
   * @param order - Which of two equally frequent tokens comes first, as for `sort`.
   * @param documentsOf - The documents of data.
   * @param whenLearnt - Takes what was learnt.
   */
  constructor(
    of: LookupValues<T>,
    order: (a: T, b: T) => number,
    documentsOf: (data: X) => Work<Iterable<ArrayLike<T>>>,
    whenLearnt: (learnt: Learnt<T>) => void,
  ) {
    this.#of = of;
    this.#order = order;
    this.#documentsOf = documentsOf;
    this.#whenLearnt = whenLearnt;
  }

  /** Counts the tokens of its documents. */
  *take(data: X): Work<void> {
    const [counts, having] = [this.#counts, this.#having];
    let seen = 0;
    for (const tokens of yield* this.#documentsOf(data)) {
      this.#documents++;
      for (let i = 0; i < tokens.length; i++) {
        const token = tokens[i] as T;
        counts.set(token, (counts.get(token) ?? 0) + 1);
        if (seen++ % COUNTED === 0) yield;
      }
      if (this.#of.outputMode === 'tfIdf')
        for (const token of new Set(Array.from(tokens))) having.set(token, (having.get(token) ?? 0) + 1);
    }
  }

  /** @throws {RidgelineError} `ERR_ARGUMENT` where there are no tokens besides those of `maskToken` and `oovToken`. */
  *end(): Work<void> {
    const { maxTokens, maskToken, oovToken, outputMode } = this.#of;
    const counts = this.#counts;
    counts.delete(maskToken as T);
    counts.delete(oovToken);
    if (counts.size === 0) throw argumentError('data', 'tokens besides maskToken and oovToken', []);
    const byCount = yield* sorted([...counts], ([a, m], [b, n]) => n - m || this.#order(a, b));
    const most = maxTokens === undefined ? byCount.length : maxTokens - placesOfNone(this.#of);
    const vocabulary = byCount.slice(0, most).map(([token]) => token);
    const rarity = (token: T): number =>
      Math.log(1 + this.#documents / (1 + (this.#having.get(token) as number)));
    this.#whenLearnt({ vocabulary, idfWeights: outputMode === 'tfIdf' ? vocabulary.map(rarity) : undefined });
  }
}

/** How much unknown tokens weigh: as much as the others on average. */
export const unknownWeight = (idfWeights: readonly number[]): number =>
  idfWeights.reduce((sum, weight) => sum + weight, 0) / Math.max(idfWeights.length, 1);

/** What configs keep of it. */
export const learntConfig = <T>(of: Learnt<T> | undefined): Record<string, unknown> => ({
  vocabulary: of?.vocabulary ?? null,
  idfWeights: of?.idfWeights ?? null,
});

/** Items of several tokens each, in a row. */
interface Rows<T> extends ArrayLike<T> {
  slice(from: number, to: number): ArrayLike<T>;
}

/** Items in a row, and the shape that they had. */
export interface Listed<T> {
  readonly items: Rows<T>;
  readonly shape: readonly number[];
}

function* rowsOf<T>(items: Rows<T>, shape: readonly number[]): Generator<ArrayLike<T>> {
  const width = shape.slice(1).reduce((product, size) => product * size, 1);
  for (let at = 0; at < items.length; at += width) yield items.slice(at, at + width);
}

/** The vocabulary of a lookup of single tokens, given or learnt. */
export class Vocabulary<T> {
  readonly #of: LookupValues<T>;
  #learnt: Learnt<T> | undefined;

  /**
   * @param what - What tokens are, for errors.
   * @throws {RidgelineError} `ERR_ARGUMENT` for options that do not go together.
   */
  constructor(of: LookupValues<T>, what: string) {
    checkLookup(of, what);
    this.#of = of;
    if (of.vocabulary) this.#learnt = { vocabulary: of.vocabulary, idfWeights: of.idfWeights };
  }

  /** The tokens, in the order of their indices; undefined before there are any. */
  get tokens(): readonly T[] | undefined {
    return this.#learnt?.vocabulary;
  }

  /** How rare each token is, with `'tfIdf'`. */
  get idfWeights(): readonly number[] | undefined {
    return this.#learnt?.idfWeights;
  }

  /** Indices that no token has: the mask's and those of unknown tokens. */
  get reserved(): number {
    return reserved(this.#of);
  }

  /** Numbers of a vector, or the largest index and one more. */
  get size(): number {
    const tokens = this.tokens?.length ?? 0;
    return this.#of.outputMode === 'int' ? tokens + this.reserved : this.#vectorSize(tokens);
  }

  /** Numbers of a vector: unknown tokens first, as many as have an index. */
  #vectorSize(tokens: number): number {
    return this.#of.padToMaxTokens ? (this.#of.maxTokens as number) : tokens + this.#of.numOovIndices;
  }

  /**
   * What learns another one of data, whose rows are the documents with `'tfIdf'`; else all of it is one.
   * @param order - As of {@link VocabularyLearning}.
   * @param itemsOf - The items of data.
   * @param whenLearnt - Takes what was learnt.
   */
  learning<X>(
    order: (a: T, b: T) => number,
    itemsOf: (data: X) => Work<Listed<T>>,
    whenLearnt: (learnt: Learnt<T>) => void,
  ): Learning<X> {
    const inRows = this.#of.outputMode === 'tfIdf';
    const documentsOf = function* (data: X): Work<Iterable<ArrayLike<T>>> {
      const { items, shape } = yield* itemsOf(data);
      return inRows ? rowsOf(items, shape) : [items];
    };
    return new VocabularyLearning(this.#of, order, documentsOf, whenLearnt);
  }

  /** Takes what was learnt. */
  set(learnt: Learnt<T>): void {
    this.#learnt = learnt;
  }

  /** What indices become by `outputMode`. */
  encoded(index: SymbolicTensor): SymbolicTensor {
    const { outputMode, maskToken } = this.#of;
    if (outputMode === 'int') return index;
    const place = maskToken === undefined ? index : ops.sub(index, 1);
    const depth = this.#vectorSize(this.tokens?.length ?? 0);
    if (outputMode !== 'tfIdf') return encoded(place, depth, outputMode);
    return ops.mul(encoded(place, depth, 'count'), this.#weights(depth));
  }

  /** How much each number of a vector weighs: that of unknown tokens first, and padding nothing. */
  #weights(depth: number): Tensor {
    const { idfWeights = [] } = this;
    const { numOovIndices } = this.#of;
    const weights = new Float32Array(depth);
    weights.fill(unknownWeight(idfWeights), 0, numOovIndices);
    weights.set(idfWeights, numOovIndices);
    return tensor(weights);
  }

  /** What configs keep of it. */
  config(): Record<string, unknown> {
    return learntConfig(this.#learnt);
  }
}
