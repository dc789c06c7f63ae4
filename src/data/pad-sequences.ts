/**
 * Lists of different lengths as rows of one tensor, as Keras' `pad_sequences`.
 */
import { number } from '../core/check.js';
import { type DType, isNumberArray, zeros } from '../core/elements.js';
import { integer, nullable, oneOf, option, type Settled, settle, type Table } from '../core/options.js';
import { shapeText, Tensor } from '../core/tensor.js';
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

/** A step of a sequence: a number, or numbers in lists. */
export type PaddedStep = number | ArrayLike<number> | readonly PaddedStep[];

/**
 * Lists of numbers as rows of a tensor `[lists, maxlen]`: short ones are filled up, long ones cut. Lists of vectors, all
 * of one size, are `[lists, maxlen, size]`, and so on.
 *
 * @example
 * ```ts
 * padSequences([[1], [2, 3, 4]], { padding: 'post' }).toArray(); // [[1, 0, 0], [2, 3, 4]]
 * padSequences([[[1, 2]], [[3, 4], [5, 6]]]).toArray(); // [[[0, 0], [1, 2]], [[3, 4], [5, 6]]]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but lists of numbers or of vectors of one size, or bad options;
 *   `ERR_MEMORY`.
 */
export function padSequences(
  sequences: readonly ArrayLike<PaddedStep>[],
  options?: PadSequencesOptions,
): Tensor<'int32' | 'float32'> {
  const { maxlen, dtype, padding, truncating, value } = settle<Settled<PadSequencesOptions>>(
    'padSequences',
    OPTIONS,
    [options],
  );
  if (!Array.isArray(sequences)) throw argumentError('sequences', 'a list of lists of numbers', sequences);
  const lists = Array.from(sequences, (list: unknown) => {
    if (isList(list)) return list;
    throw argumentError('sequences', 'a list of lists of numbers', list);
  });
  const sizes = sizesOf(lists.find((list) => list.length > 0)?.[0]);
  const width = sizes.reduce((product, size) => product * size, 1);
  const longest = lists.reduce((most, list) => Math.max(most, list.length), 0);
  const length = maxlen ?? longest;
  const data = zeros(dtype as DType, lists.length * length * width) as Int32Array | Float32Array;
  data.fill(element('value', value, dtype));
  for (const [row, list] of lists.entries()) {
    const count = Math.min(list.length, length);
    const from = truncating === 'pre' ? list.length - count : 0;
    let at = (row * length + (padding === 'pre' ? length - count : 0)) * width;
    const put = (step: unknown, [size, ...inner]: readonly number[]): void => {
      if (size === undefined) {
        data[at++] = element('sequences', step, dtype);
        return;
      }
      if (!isList(step) || step.length !== size)
        throw argumentError('sequences', `steps of ${shapeText(sizes)} numbers`, step);
      for (let i = 0; i < size; i++) put(step[i], inner);
    };
    for (let i = 0; i < count; i++) put(list[from + i], sizes);
  }
  return new Tensor(data as never, [lists.length, length, ...sizes], dtype);
}

const isList = (of: unknown): of is ArrayLike<unknown> => Array.isArray(of) || isNumberArray(of);

/** Levels of lists in a step. */
const DEEPEST = 7;

/** Sizes of a step: none of a number. */
function sizesOf(step: unknown): number[] {
  const sizes: number[] = [];
  for (let at = step; isList(at); at = at[0]) {
    if (sizes.push(at.length) > DEEPEST) throw argumentError('sequences', `at most ${DEEPEST} deep`, step);
  }
  return sizes;
}

function element(argument: string, given: unknown, dtype: 'int32' | 'float32'): number {
  const x = typeof given === 'number' ? given : Number.NaN;
  const fits = dtype === 'int32' ? x === (x | 0) : Number.isFinite(Math.fround(x));
  if (fits) return x;
  throw argumentError(argument, dtype === 'int32' ? 'int32 numbers' : 'finite float32 numbers', given);
}
