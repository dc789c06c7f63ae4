/**
 * CSV files as columns, parsed by `csv-parse`, which who reads such files installs.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { boolean, options as checkOptions, isPlain } from '../core/check.js';
import { type FilePath, filePath } from '../core/file-path.js';
import { inTurns, type Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import { type Column, Frame } from './frame.js';

/** Options of {@link readCsv}. */
export interface CsvOptions {
  /** What stands between fields. Default `','`. */
  readonly delimiter?: string | undefined;
  /** True where the first line has the names of the columns, which else are `0`, `1`, …. Default true. */
  readonly header?: boolean | undefined;
  /** Texts that say that a value is missing. Default `['', 'NA', 'N/A', 'NaN', 'null']`. */
  readonly missing?: readonly string[] | undefined;
  /**
   * Types of columns by their names. Default: numbers where every value that is there is a decimal one; whole ones that a
   * double does not hold, such as identifiers of 64 bits, make categories.
   */
  readonly types?: Readonly<Record<string, Column['type']>> | undefined;
}

const MISSING = ['', 'NA', 'N/A', 'NaN', 'null'];
const isText = (value: unknown): value is string => typeof value === 'string';

/**
 * Reads a CSV file.
 *
 * @example
 * ```ts
 * const table = await readCsv('examples/data/digits.csv');
 * const x = table.numbers(table.names.slice(0, -1));
 * const y = table.codes('label');
 * ```
 * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` for bad options, or without the package `csv-parse`; `ERR_IO` for
 *   a file that cannot be read or is none, naming the line.
 */
export async function readCsv(path: FilePath, options: CsvOptions = {}): Promise<Frame> {
  const file = filePath('path', path);
  const given = checkOptions('readCsv', options, ['delimiter', 'header', 'missing', 'types']);
  const { delimiter = ',', header = true, missing = MISSING, types = {} } = given;
  boolean('header', header);
  if (!isText(delimiter) || delimiter === '') throw argumentError('delimiter', 'a text', delimiter);
  if (!Array.isArray(missing) || !Array.from(missing).every(isText))
    throw argumentError('missing', 'a list of texts', missing);
  if (!isPlain(types) || !Object.values(types).every((type) => type === 'number' || type === 'category'))
    throw argumentError('types', "'number' or 'category' by column", types);
  const records = await parsed(file, delimiter);
  const [first = []] = records;
  const names = header ? first : first.map((_, i) => String(i));
  if (new Set(names).size < names.length) throw unreadable(file, 'two columns have one name');
  const rows = header ? records.slice(1) : records;
  const unknown = Object.keys(types).find((name) => !names.includes(name));
  if (unknown !== undefined) throw argumentError('types', `columns among ${names.join(', ')}`, unknown);
  const absent = new Set<string>(missing);
  const columns = new Map<string, Column>();
  for (const [j, name] of names.entries()) {
    const values = await inTurns(fields(rows, j, absent));
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    columns.set(name, await inTurns(column(name, values, type, file)));
  }
  return new Frame(columns);
}

/** Fields that are looked at between two places to yield. */
const FIELDS = 2 ** 12;

/** The fields of a column; undefined where one is missing. */
function* fields(
  rows: readonly string[][],
  at: number,
  missing: ReadonlySet<string>,
): Work<(string | undefined)[]> {
  const values: (string | undefined)[] = [];
  for (const row of rows) {
    const value = row[at] as string;
    values.push(missing.has(value) ? undefined : value);
    if (values.length % FIELDS === 0) yield;
  }
  return values;
}

/** The fields of all lines. */
async function parsed(file: string, delimiter: string): Promise<string[][]> {
  const { parse } = await import('csv-parse').catch((cause) => {
    const message = 'readCsv needs the package csv-parse: npm install csv-parse';
    throw new RidgelineError('ERR_ARGUMENT', message, {}, { cause });
  });
  const records: string[][] = [];
  try {
    // What is no file may have no end.
    if (!(await stat(file)).isFile()) throw new Error('it is no regular file');
    const lines = createReadStream(file).pipe(parse({ delimiter, bom: true, skip_empty_lines: true }));
    for await (const record of lines) records.push(record as string[]);
  } catch (error) {
    throw unreadable(file, (error as Error).message);
  }
  return records;
}

/** Decimal numbers, alone. */
const DECIMAL = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;
/** Whole numbers, which may be names: where a double does not hold all digits, two of them would become one. */
const WHOLE = /^\s*[+-]?\d+\s*$/;

/** A column of numbers, if all that is there are such or `type` says so. */
function* column(
  name: string,
  values: readonly (string | undefined)[],
  type: Column['type'] | undefined,
  file: string,
): Work<Column> {
  if (type === 'category') return { type, values };
  const numbers = new Float64Array(values.length).fill(Number.NaN);
  let isEmpty = true;
  for (const [i, value] of values.entries()) {
    if (i % FIELDS === 0) yield;
    if (value === undefined) continue;
    isEmpty = false;
    const number = Number(value);
    numbers[i] = number;
    const isNumber = DECIMAL.test(value) && Number.isFinite(number);
    if (isNumber && (type === 'number' || !WHOLE.test(value) || Number.isSafeInteger(number))) continue;
    if (type === undefined) return { type: 'category', values };
    throw unreadable(file, `column '${name}' has '${value}' at row ${i}, expected a number`);
  }
  return type === undefined && isEmpty ? { type: 'category', values } : { type: 'number', values: numbers };
}

function unreadable(file: string, why: string): RidgelineError {
  return new RidgelineError('ERR_IO', `cannot read '${file}': ${why}`, { argument: 'path', received: file });
}
