/**
 * Vocabularies: what lookups of tokens of any kind have in common.
 */
import { sorted, type Work } from '../../core/turns.js';
import { argumentError } from '../../errors.js';
import type { Encoding } from './encoding.js';

/** Tokens that are counted between two places to yield: a millisecond's work. */
const COUNTED = 2 ** 13;

/** Checked options of a lookup of tokens `T`. */
export interface LookupValues<T> {
  readonly vocabulary: readonly T[] | undefined;
  readonly maxTokens: number | undefined;
  readonly numOovIndices: number;
  readonly maskToken: T | undefined;
  readonly oovToken: T;
  readonly invert: boolean;
  readonly outputMode: 'int' | Encoding;
}

/** Indices that no token of the vocabulary has: the mask's and those of unknown tokens. */
export const reserved = <T>({ numOovIndices, maskToken }: LookupValues<T>): number =>
  numOovIndices + (maskToken === undefined ? 0 : 1);

/**
 * @param what - What tokens are, for errors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for options that do not go together, or a vocabulary that is none.
 */
export function checkLookup<T>(of: LookupValues<T>, what: string): void {
  const { vocabulary, maxTokens, maskToken, oovToken, invert, outputMode } = of;
  const others = reserved(of);
  if (maskToken === oovToken) throw argumentError('maskToken', 'another than oovToken', maskToken);
  if (invert && outputMode !== 'int')
    throw argumentError('outputMode', "'int' for a layer that inverts", outputMode);
  if (maxTokens !== undefined && maxTokens <= others)
    throw argumentError('maxTokens', `more than the ${others} of no token`, maxTokens);
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
 * The vocabulary of data: the most frequent tokens first, as many as there is room for.
 *
 * @param tokens - All of them, each as often as it occurs.
 * @param order - Which of two equally frequent ones comes first, as for `sort`.
 * @throws {RidgelineError} `ERR_ARGUMENT` where there are none besides those of `maskToken` and `oovToken`.
 */
export function* mostFrequent<T>(
  tokens: ArrayLike<T>,
  of: LookupValues<T>,
  order: (a: T, b: T) => number,
): Work<readonly T[]> {
  const { maxTokens, maskToken, oovToken } = of;
  const counts = new Map<T, number>();
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as T;
    if (token !== maskToken && token !== oovToken) counts.set(token, (counts.get(token) ?? 0) + 1);
    if (i % COUNTED === 0) yield;
  }
  if (counts.size === 0) throw argumentError('data', 'tokens besides maskToken and oovToken', []);
  const byCount = yield* sorted([...counts], ([a, m], [b, n]) => n - m || order(a, b));
  const most = maxTokens === undefined ? byCount.length : maxTokens - reserved(of);
  return byCount.slice(0, most).map(([token]) => token);
}
