/**
 * Lists of different lengths as rows of one tensor, as Keras' `pad_sequences`.
 */
import { number } from '../core/check.js';
import { type DType, isNumberArray, zeros } from '../core/elements.js';
import { integer, nullable, oneOf, option, type Settled, settle, type Table } from '../core/options.js';
import { Tensor } from '../core/tensor.js';
import { argumentError } from '../errors.js';

/** Options of {@link padSequences}. */
export interface PadSequencesOptions {
  /** Length of all rows. Default that of the longest. */
  readonly maxlen?: number | null | undefined;
  /** Element type. Default `'int32'`. */
  readonly dtype?: 'int32' | 'float32' | undefined;
  /** Where short lists are filled up. Default `'pre'`. */
  readonly padding?: 'pre' | 'post' | undefined;
  /** Where long lists are cut. Default `'pre'`. */
  readonly truncating?: 'pre' | 'post' | undefined;
  /** What they are filled up with. Default 0. */
  readonly value?: number | undefined;
}

const OPTIONS: Table<PadSequencesOptions> = {
  maxlen: nullable(integer(1, null)),
  dtype: oneOf(['int32', 'float32'], 'int32'),
  padding: oneOf(['pre', 'post'], 'pre'),
  truncating: oneOf(['pre', 'post'], 'pre'),
  value: option((argument, given) => number(argument, given), 0),
};

/**
 * Lists of numbers as rows of a tensor `[lists, maxlen]`: short ones are filled up, long ones cut.
 *
 * @example
 * ```ts
 * padSequences([[1], [2, 3, 4]], { padding: 'post' }).toArray(); // [[1, 0, 0], [2, 3, 4]]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but lists of numbers, or bad options; `ERR_MEMORY`.
 */
export function padSequences(
  sequences: readonly ArrayLike<number>[],
  options?: PadSequencesOptions,
): Tensor<'int32' | 'float32'> {
  const { maxlen, dtype, padding, truncating, value } = settle<Settled<PadSequencesOptions>>(
    'padSequences',
    OPTIONS,
    [options],
  );
  if (!Array.isArray(sequences)) throw argumentError('sequences', 'a list of lists of numbers', sequences);
  const lists = Array.from(sequences, (list: unknown) => {
    if (Array.isArray(list) || isNumberArray(list)) return list as ArrayLike<unknown>;
    throw argumentError('sequences', 'a list of lists of numbers', list);
  });
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  const length = maxlen ?? longest;
  const data = zeros(dtype as DType, lists.length * length) as Int32Array | Float32Array;
  data.fill(element('value', value, dtype));
  for (const [row, list] of lists.entries()) {
    const count = Math.min(list.length, length);
    const from = truncating === 'pre' ? list.length - count : 0;
    const to = row * length + (padding === 'pre' ? length - count : 0);
    for (let i = 0; i < count; i++) data[to + i] = element('sequences', list[from + i], dtype);
  }
  return new Tensor(data as never, [lists.length, length], dtype);
}

function element(argument: string, given: unknown, dtype: 'int32' | 'float32'): number {
  const x = typeof given === 'number' ? given : Number.NaN;
  const fits = dtype === 'int32' ? x === (x | 0) : Number.isFinite(Math.fround(x));
  if (fits) return x;
  throw argumentError(argument, dtype === 'int32' ? 'int32 numbers' : 'finite float32 numbers', given);
}
