/**
 * Columns of a table, on their way into tensors: numbers, and categories by their names.
 */
import { options as checkOptions, isFloat } from '../core/check.js';
import { nearest } from '../core/names.js';
import { Tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';

/** A column: numbers, NaN where one is missing, or texts, `undefined` where one is. */
export type Column =
  | { readonly type: 'number'; readonly values: Float64Array }
  | { readonly type: 'category'; readonly values: readonly (string | undefined)[] };

/** Options of {@link Frame.numbers}. */
export interface NumbersOptions {
  /** What stands for missing numbers: a number, or the mean or median of the others in the column. Default: an error. */
  readonly missing?: number | 'mean' | 'median' | undefined;
}

/** Options of {@link Frame.codes}. */
export interface CodesOptions {
  /** The categories in the order of their codes, such as those of the training data. Default: those of the column. */
  readonly categories?: readonly string[] | undefined;
}

/** A table of columns of equal length. */
export class Frame {
  /** Names of the columns, in order. */
  readonly names: readonly string[];
  /** Number of rows. */
  readonly rows: number;
  readonly #columns: ReadonlyMap<string, Column>;

  /** @hidden Use {@link readCsv} or {@link fromArrow}. */
  constructor(columns: ReadonlyMap<string, Column>) {
    this.#columns = columns;
    this.names = [...columns.keys()];
    this.rows = [...columns.values()][0]?.values.length ?? 0;
  }

  #column(name: string): Column {
    const found = this.#columns.get(name);
    if (found) return found;
    const guess = typeof name === 'string' ? nearest(name, this.names) : undefined;
    const hint = guess === undefined ? '' : `; did you mean '${guess}'?`;
    throw argumentError('column', `one of ${this.names.join(', ')}${hint}`, name);
  }

  /** Type of a column. @throws {RidgelineError} `ERR_ARGUMENT` where there is none of that name. */
  type(name: string): Column['type'] {
    return this.#column(name).type;
  }

  /**
   * Columns of numbers side by side, `[rows, columns]`; all of them if none is named.
   *
   * @throws {RidgelineError} `ERR_ARGUMENT` for another name or a column of categories, `ERR_NON_FINITE` for a missing
   *   number where nothing stands for it, naming column and row.
   */
  numbers(names: readonly string[] = this.#all('number'), options: NumbersOptions = {}): Tensor<'float32'> {
    const { missing } = checkOptions('numbers', options, ['missing']);
    if (missing !== undefined && missing !== 'mean' && missing !== 'median' && !isFloat(missing))
      throw argumentError('missing', "a number, 'mean' or 'median'", missing);
    if (!Array.isArray(names) || names.length === 0)
      throw argumentError('columns', 'names of columns', names);
    const data = new Float32Array(this.rows * names.length);
    names.forEach((name, j) => {
      const column = this.#column(name);
      if (column.type !== 'number') throw argumentError(`column '${name}'`, 'of numbers', 'categories');
      const instead = typeof missing === 'number' ? missing : stand(missing, column.values);
      column.values.forEach((value, i) => {
        const known = Number.isNaN(value) ? instead : value;
        if (known === undefined || !isFloat(known)) throw unknown(name, i, value);
        data[i * names.length + j] = known;
      });
    });
    return new Tensor(data, [this.rows, names.length], 'float32') as Tensor<'float32'>;
  }

  #all(type: Column['type']): string[] {
    return this.names.filter((name) => this.#columns.get(name)?.type === type);
  }

  /**
   * Texts of a column; numbers as texts. With `missing` it stands for those that are missing.
   * @throws {RidgelineError} `ERR_ARGUMENT` where there is no column of that name, and for bad options.
   */
  strings(name: string, options: { readonly missing: string }): string[];
  strings(name: string, options?: { readonly missing?: undefined }): (string | undefined)[];
  strings(name: string, options: { readonly missing?: string | undefined } = {}): (string | undefined)[] {
    const { missing } = checkOptions('strings', options, ['missing']);
    if (missing !== undefined && typeof missing !== 'string')
      throw argumentError('missing', 'a text', missing);
    const column = this.#column(name);
    const all = column.type === 'number' ? Array.from(column.values, text) : [...column.values];
    return missing === undefined ? all : all.map((value) => value ?? missing);
  }

  /** The different values of a column, sorted. @throws {RidgelineError} As {@link Frame.strings}. */
  categories(name: string): string[] {
    const column = this.#column(name);
    if (column.type === 'number')
      return [...new Set(column.values)]
        .filter((x) => !Number.isNaN(x))
        .sort((a, b) => a - b)
        .map(String);
    return [...new Set(column.values)].filter((x) => x !== undefined).sort();
  }

  /**
   * The place of each value among the categories, int32 `[rows]`: labels for `sparseCategoricalCrossentropy`.
   * @throws {RidgelineError} `ERR_ARGUMENT` for a value that is missing or in no category, naming its row.
   */
  codes(name: string, options: CodesOptions = {}): Tensor<'int32'> {
    const { categories = this.categories(name) } = checkOptions('codes', options, ['categories']);
    if (!Array.isArray(categories)) throw argumentError('categories', 'a list of texts', categories);
    const places = new Map(categories.map((category, i) => [category, i]));
    const data = Int32Array.from(this.strings(name), (value, i) => {
      const place = value === undefined ? undefined : places.get(value);
      if (place !== undefined) return place;
      throw argumentError(`column '${name}' at row ${i}`, 'one of the categories', value);
    });
    return new Tensor(data, [this.rows], 'int32') as Tensor<'int32'>;
  }
}

const text = (value: number): string | undefined => (Number.isNaN(value) ? undefined : String(value));

/** What stands for the missing numbers of a column. */
function stand(by: 'mean' | 'median' | undefined, values: Float64Array): number | undefined {
  const known = values.filter((value) => !Number.isNaN(value));
  if (by === undefined || known.length === 0) return undefined;
  if (by === 'mean') return known.reduce((a, b) => a + b, 0) / known.length;
  known.sort();
  const middle = (known.length - 1) / 2;
  return ((known[Math.floor(middle)] as number) + (known[Math.ceil(middle)] as number)) / 2;
}

function unknown(name: string, row: number, value: number): RidgelineError {
  const what = Number.isNaN(value) ? 'is missing' : `is ${value}, no finite float32`;
  const hint = Number.isNaN(value) ? '; say what stands for it: { missing: 0 } or { missing: "mean" }' : '';
  const message = `column '${name}' at row ${row} ${what}${hint}`;
  return new RidgelineError('ERR_NON_FINITE', message, { argument: name, received: value });
}
