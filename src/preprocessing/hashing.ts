/**
 * Hashing: strings and whole numbers as one of so many buckets, without a vocabulary. As Keras' `Hashing`, to the same
 * buckets: FarmHash' fingerprint, or SipHash-2-4 (Aumasson & Bernstein 2012) with a salt.
 */
import * as check from '../core/check.js';
import { integer, oneOf, option, type Table } from '../core/options.js';
import { Tensor } from '../core/tensor.js';
import { atOnce } from '../core/turns.js';
import { argumentError } from '../errors.js';
import { type Encoding, encoded } from '../layers/preprocessing/encoding.js';
import { guard, native } from '../native.js';
import { flat, type Items, isText } from './items.js';
import { Preprocessor } from './preprocessor.js';

/** Options of {@link Hashing}. */
export interface HashingOptions {
  /** The item that stands for nothing: it has bucket 0, and no other has. */
  readonly maskValue?: string | number | null | undefined;
  /** A number, or two, without which nobody finds items of one bucket. Default none. */
  readonly salt?: number | readonly [number, number] | null | undefined;
  /** `'int'` for the bucket, as int32, or vectors as of `categoryEncoding`. Default `'int'`. */
  readonly outputMode?: 'int' | Encoding | undefined;
}

/** Config of {@link Hashing}. */
export interface HashingConfig extends HashingOptions {
  /** Number of buckets, that of the mask among them. */
  readonly numBins: number;
}

type Given = [numBins: number, options?: HashingOptions] | [config: HashingConfig];

const isItem = (item: unknown): item is string | number => isText(item) || Number.isSafeInteger(item);
const ITEM = 'strings or whole numbers';

/** See {@link hashing}. */
export class Hashing extends Preprocessor<HashingConfig, Given> {
  static override readonly className: string = 'Hashing';
  static override readonly options: Table<HashingConfig> = {
    numBins: option((argument, given) => check.integer(argument, given, 1, 2 ** 31 - 1)),
    maskValue: option((argument, given): string | number => {
      if (isItem(given)) return given;
      throw argumentError(argument, 'a string or a whole number', given);
    }, null),
    salt: option((argument, given): number | readonly [number, number] => {
      const one = integer(0);
      if (!Array.isArray(given)) return one.read(argument, given);
      if (given.length !== 2) throw argumentError(argument, 'a whole number ≥ 0, or two', given);
      return [one.read(argument, given[0]), one.read(argument, given[1])];
    }, null),
    outputMode: oneOf(['int', 'oneHot', 'multiHot', 'count'], 'int'),
  };

  /**
   * The buckets of items.
   * @throws {RidgelineError} `ERR_ARGUMENT` for other items, `ERR_SHAPE` for lists of different lengths.
   */
  override call(data: Items): Tensor {
    const { numBins, maskValue, salt, outputMode } = this.options;
    const { shape, items } = atOnce(flat('data', data, ITEM, isItem));
    const isMasked = maskValue !== undefined && numBins > 1;
    const first = isMasked ? 1 : 0;
    const key = salt === undefined ? undefined : typeof salt === 'number' ? [salt, salt] : [...salt];
    const buckets = guard(() => native.hashBuckets(items.map(String), numBins - first, first, key));
    for (const [i, item] of items.entries()) if (isMasked && item === maskValue) buckets[i] = 0;
    const found = new Tensor(buckets, shape, 'int32');
    return outputMode === 'int' ? found : (encoded(found as never, numBins, outputMode) as never as Tensor);
  }
}

/**
 * Strings or whole numbers as one of `numBins` buckets.
 *
 * @example
 * ```ts
 * preprocessing.hashing(3).call([['A'], ['B'], ['C']]); // int32 [[1], [0], [1]]
 * ```
 * @param numBins - Number of buckets.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function hashing(numBins: number, options?: HashingOptions): Hashing;
export function hashing(config: HashingConfig): Hashing;
export function hashing(...given: unknown[]): Hashing {
  return new Hashing(...(given as Given));
}
