/**
 * Integer lookup: whole numbers, such as identifiers, by their place in a vocabulary. As Keras' `IntegerLookup`.
 */
import { nativeOp } from '../../core/apply.js';
import * as check from '../../core/check.js';
import { list, oneOf } from '../../core/options.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { shapeText, type Tensor, type TensorInput, tensor, tensorFrom } from '../../core/tensor.js';
import { find, inTurns, type Work } from '../../core/turns.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { boolean, integer, type LayerOptions, nullable, option, type Table } from '../options.js';
import { type Encoding, encoded } from './encoding.js';
import { checkLookup, mostFrequent, reserved } from './vocabulary.js';

/** Options of {@link IntegerLookup}. */
export interface IntegerLookupOptions extends LayerOptions {
  /** The tokens, different int32 numbers, instead of `adapt`. */
  readonly vocabulary?: readonly number[] | null | undefined;
  /** The most indices, those for the mask and for unknown tokens among them: `adapt` keeps the most frequent tokens. */
  readonly maxTokens?: number | null | undefined;
  /** Indices for unknown tokens, at least 1; several are told apart by the remainder of a division. Default 1. */
  readonly numOovIndices?: number | undefined;
  /** The token that stands for nothing: it has index 0, and is in no vector. */
  readonly maskToken?: number | null | undefined;
  /** The token that `invert` gives for unknown ones. Default −1. */
  readonly oovToken?: number | undefined;
  /** Gives tokens for indices. Default false. */
  readonly invert?: boolean | undefined;
  /** `'int'` for the index, as int32, or vectors as of {@link CategoryEncoding}. Default `'int'`. */
  readonly outputMode?: 'int' | Encoding | undefined;
}

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
    vocabulary: list('a list of different int32 numbers', isToken, null),
    maxTokens: option((argument, given) => check.integer(argument, given, 1), null),
    numOovIndices: integer(1, 1),
    maskToken: nullable(option(token, null)),
    oovToken: option(token, -1),
    invert: boolean(false),
    outputMode: oneOf(['int', 'oneHot', 'multiHot', 'count'], 'int'),
  };
  #vocabulary: readonly number[] | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or some that do not go together. */
  constructor(config?: IntegerLookupOptions) {
    super(config);
    checkLookup(this.options, 'int32 numbers');
    const { vocabulary } = this.options;
    this.#vocabulary = vocabulary;
  }

  /** The tokens, in the order of their indices; undefined before the layer has any. */
  get vocabulary(): readonly number[] | undefined {
    return this.#vocabulary;
  }

  /**
   * Takes the vocabulary from data of any shape: the most frequent tokens first, the larger first of equally frequent ones.
   * Large data is gone through in pieces, between which others have their turn: leave it as it is until then. What takes a
   * few milliseconds is done when this returns.
   * @throws {RidgelineError} `ERR_SHAPE` for data without elements, `ERR_ARGUMENT` for numbers that are not int32, data
   *   without tokens, a layer that was called before or given a vocabulary.
   */
  adapt(data: TensorInput): Promise<void> {
    return inTurns(this.#adapt(data));
  }

  *#adapt(data: TensorInput): Work<void> {
    this.#adaptable();
    const vocabulary = yield* this.#frequent(data);
    this.#adaptable();
    this.#vocabulary = vocabulary;
  }

  #adaptable(): void {
    if (this.options.vocabulary === undefined && !this.built) return;
    const why = this.built ? 'was called before' : 'was given a vocabulary';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${this.name}' ${why} and cannot adapt`);
  }

  *#frequent(data: TensorInput): Work<readonly number[]> {
    const x = yield* tensorFrom(data, undefined);
    if (x.size === 0)
      throw new RidgelineError('ERR_SHAPE', `adapt expects tokens, received shape ${shapeText(x.shape)}`);
    const wrong = yield* find(x.elements, (value) => !isToken(value));
    if (wrong !== undefined) throw argumentError('data', 'int32 numbers', wrong);
    return yield* mostFrequent(x.elements, this.options, (a, b) => b - a);
  }

  override build(_inputShape: Shape): void {
    if (this.#vocabulary) return;
    throw new RidgelineError('ERR_ARGUMENT', 'it has no vocabulary yet: adapt it, or give it one');
  }

  override call(x: SymbolicTensor): SymbolicTensor {
    const tokens = this.#vocabulary as readonly number[];
    const { invert, outputMode, maskToken, numOovIndices } = this.options;
    const given = ops.cast(x, 'int32');
    if (invert) return this.#tokens(given, tokens);
    const index = this.#indices(given, tokens);
    if (outputMode === 'int') return index;
    const depth = tokens.length + numOovIndices;
    return encoded(maskToken === undefined ? index : ops.sub(index, 1), depth, outputMode);
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
    const index = ops.gather(tensor(filled.map((i) => i + reserved(this.options))), at);
    const found = ops.where(ops.equal(ops.gather(sorted, at), x), index, this.#unknown(x));
    return maskToken === undefined ? found : ops.where(ops.equal(x, maskToken), 0, found);
  }

  /** The indices of unknown tokens: the mask's place behind, `x mod n`, at least 0. */
  #unknown(x: SymbolicTensor): SymbolicTensor | number {
    const { maskToken, numOovIndices } = this.options;
    const masked = maskToken === undefined ? 0 : 1;
    if (numOovIndices === 1) return masked;
    // Whole numbers are divided as such here, towards 0.
    const times = nativeOp('div', [x, numOovIndices]) as SymbolicTensor;
    const rest = ops.sub(x, ops.mul(times, numOovIndices));
    return ops.add(ops.where(ops.less(rest, 0), ops.add(rest, numOovIndices), rest), masked);
  }

  #tokens(index: SymbolicTensor, tokens: readonly number[]): SymbolicTensor {
    const { maskToken, oovToken, numOovIndices } = this.options;
    const unknownTokens = Array.from({ length: numOovIndices }, () => oovToken);
    const table = [...(maskToken === undefined ? [] : [maskToken]), ...unknownTokens, ...tokens];
    const known = ops.logicalAnd(ops.greaterEqual(index, 0), ops.less(index, table.length));
    const unknown = reserved(this.options) - 1;
    return ops.gather(tensor(Int32Array.from(table)), ops.where(known, index, unknown));
  }

  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), vocabulary: this.#vocabulary ?? null };
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
