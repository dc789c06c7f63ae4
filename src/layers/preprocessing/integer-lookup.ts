/**
 * Integer lookup: whole numbers, such as identifiers, by their place in a vocabulary. As Keras' `IntegerLookup`.
 */
import { type AdaptOptions, adaptTo, type Learning } from '../../core/adapting.js';
import { nativeOp } from '../../core/apply.js';
import type { BatchSource } from '../../core/batches.js';
import * as check from '../../core/check.js';
import { list } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type Tensor, type TensorInput, tensor, tensorFrom } from '../../core/tensor.js';
import { find, type Work } from '../../core/turns.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, nullable, option, type Table } from '../options.js';
import { type Listed, type LookupOptions, lookupOptions, Vocabulary } from './vocabulary.js';

/** Options of {@link IntegerLookup}: tokens are int32 numbers, and `oovToken` is −1 by default. */
export interface IntegerLookupOptions extends LayerOptions, LookupOptions<number> {}

const [LEAST, MOST] = [-(2 ** 31), 2 ** 31 - 1];

const isToken = (x: number): boolean => Number.isInteger(x) && x >= LEAST && x <= MOST;
const token = (argument: string, given: unknown): number => check.integer(argument, given, LEAST, MOST);

/**
 * Tokens `[batch, …]` as indices: 0 for unknown ones and 1, 2, … for those of the vocabulary; with a mask token, 0 for it
 * and one more for all others. Each is searched in the sorted vocabulary, so a large one costs little more than a small
 * one. The vocabulary is given or adapted before the layer is called, and part of its config.
 *
 * @example
 * ```ts
 * const postcode = layers.integerLookup({ vocabulary: [8001, 3011, 1204] });
 * postcode(tensor(Int32Array.of(3011, 9999))); // [2, 0]
 * ```
 */
export class IntegerLookup extends Layer<IntegerLookupOptions> {
  static override readonly className: string = 'IntegerLookup';
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<IntegerLookupOptions> = {
    ...lookupOptions,
    vocabulary: list('a list of different int32 numbers', isToken, null),
    maskToken: nullable(option(token, null)),
    oovToken: option(token, -1),
  };
  readonly #vocabulary: Vocabulary<number>;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or some that do not go together. */
  constructor(config?: IntegerLookupOptions) {
    super(config);
    this.#vocabulary = new Vocabulary(this.options, 'int32 numbers');
  }

  /** The tokens, in the order of their indices; undefined before the layer has any. */
  get vocabulary(): readonly number[] | undefined {
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

  /**
   * Takes the vocabulary from data of any shape, or from batches of it: the most frequent tokens first, the larger first of
   * equally frequent ones; and with `'tfIdf'` in how many rows each occurs.
   * Large data is gone through in pieces, between which others have their turn: leave it as it is until then. What takes a
   * few milliseconds is done when this returns.
   * @throws {RidgelineError} `ERR_SHAPE` for data without elements, `ERR_ARGUMENT` for bad options, numbers that are not
   *   int32, data without tokens, what is no batch or none at all, a layer that was called before or given a vocabulary.
   */
  adapt(data: TensorInput | BatchSource<TensorInput>, options?: AdaptOptions): Promise<void> {
    return adaptTo(data, options, () => this.#learning());
  }

  #learning(): Learning<TensorInput> {
    const tokens = (data: TensorInput) => this.#tokensOf(data);
    return this.#vocabulary.learning(
      (a, b) => b - a,
      tokens,
      (learnt) => {
        this.#adaptable();
        this.#vocabulary.set(learnt);
      },
    );
  }

  *#tokensOf(data: TensorInput): Work<Listed<number>> {
    this.#adaptable();
    const { elements: items, shape, size } = yield* tensorFrom(data, undefined);
    if (size === 0)
      throw new RidgelineError('ERR_SHAPE', `adapt expects tokens, received shape ${shapeText(shape)}`);
    const wrong = yield* find(items, (value) => !isToken(value));
    if (wrong !== undefined) throw argumentError('data', 'int32 numbers', wrong);
    return { items, shape };
  }

  #adaptable(): void {
    if (this.options.vocabulary === undefined && !this.built) return;
    const why = this.built ? 'was called before' : 'was given a vocabulary';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${this.name}' ${why} and cannot adapt`);
  }

  override build(_inputShape: Shape): void {
    if (this.vocabulary) return;
    throw new RidgelineError('ERR_ARGUMENT', 'it has no vocabulary yet: adapt it, or give it one');
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const tokens = this.vocabulary as readonly number[];
    const given = ops.cast(x, 'int32');
    if (this.options.invert) return this.#tokens(given, tokens);
    return this.#vocabulary.encoded(this.#indices(given, tokens));
  }

  #indices(x: SymbolicTensor, tokens: readonly number[]): SymbolicTensor {
    const { maskToken } = this.options;
    const order = tokens.map((_, i) => i).sort((a, b) => (tokens[a] as number) - (tokens[b] as number));
    // Filled up with the largest to a power of two, so that halving meets no end.
    const filled = Int32Array.from(
      { length: 2 ** Math.ceil(Math.log2(order.length)) },
      (_, i) => order[Math.min(i, order.length - 1)] as number,
    );
    const sorted = tensor(filled.map((i) => tokens[i] as number));
    const at = lastAtMost(x, sorted);
    const index = ops.gather(tensor(filled.map((i) => i + this.#vocabulary.reserved)), at);
    const found = ops.where(ops.equal(ops.gather(sorted, at), x), index, this.#unknown(x));
    const masked = maskToken === undefined ? found : ops.where(ops.equal(x, maskToken), 0, found);
    if (this.options.numOovIndices > 0) return masked;
    // Each index is picked from all of them: the one of unknown tokens is not among these.
    const all = tensor(Int32Array.from({ length: tokens.length + this.#vocabulary.reserved }, (_, i) => i));
    return nativeOp('gather', [all, masked], { axis: 0, strict: true });
  }

  /** The indices of unknown tokens: the mask's place behind, `x mod n`, at least 0. */
  #unknown(x: SymbolicTensor): SymbolicTensor | number {
    const { maskToken, numOovIndices } = this.options;
    const masked = maskToken === undefined ? 0 : 1;
    if (numOovIndices === 0) return MOST;
    if (numOovIndices === 1) return masked;
    // Whole numbers are divided as such here, towards 0.
    const times = nativeOp('div', [x, numOovIndices]) as SymbolicTensor;
    const rest = ops.sub(x, ops.mul(times, numOovIndices));
    return ops.add(ops.where(ops.less(rest, 0), ops.add(rest, numOovIndices), rest), masked);
  }

  #tokens(index: SymbolicTensor, tokens: readonly number[]): SymbolicTensor {
    const { maskToken, oovToken, numOovIndices } = this.options;
    const unknownTokens = Array.from({ length: numOovIndices }, () => oovToken);
    const known = [...(maskToken === undefined ? [] : [maskToken]), ...unknownTokens, ...tokens];
    const isKnown = ops.logicalAnd(ops.greaterEqual(index, 0), ops.less(index, known.length));
    const table = tensor(Int32Array.from([...known, oovToken]));
    return ops.gather(table, ops.where(isKnown, index, known.length));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), ...this.#vocabulary.config() };
  }
}

/** The place of the last element of `sorted`, `[2ᵏ]`, that is at most `x`, or 0: by halving, one gather each. */
function lastAtMost(x: SymbolicTensor, sorted: Tensor): SymbolicTensor {
  let place: SymbolicTensor = ops.zerosLike(x);
  for (let step = sorted.size / 2; step >= 1; step /= 2) {
    const next = ops.add(place, step);
    place = ops.where(ops.lessEqual(ops.gather(sorted, next), x), next, place);
  }
  return place;
}

/**
 * An integer lookup layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const integerLookup = (options?: IntegerLookupOptions): IntegerLookup => new IntegerLookup(options);
