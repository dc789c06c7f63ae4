/**
 * Writes the numbers of every epoch to a file of comma-separated values.
 */
import { appendFile, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { type FilePath, filePath } from '../core/file-path.js';
import { boolean, option, type Settled, settle, type Table } from '../core/options.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Callback } from './callback.js';
import type { Logs } from './logs.js';

/** Options of {@link CSVLogger}. */
export interface CSVLoggerOptions {
  /** What stands between values: one character. Default a comma. */
  readonly separator?: string | undefined;
  /** Goes on where the file ends, rather than to write it anew. Default false. */
  readonly append?: boolean | undefined;
}

const TABLE: Table<CSVLoggerOptions> = {
  separator: option((argument, given): string => {
    if (typeof given === 'string' && /^[^\n\r"0-9.eE+-]$/.test(given)) return given;
    throw argumentError(argument, 'one character that no number has', given);
  }, ','),
  append: boolean(false),
};

/** See {@link csvLogger}. */
export class CSVLogger extends Callback {
  readonly #path: string;
  readonly #options: Settled<CSVLoggerOptions>;
  /** Names of the columns, once they are known. */
  #keys: string[] | undefined;

  constructor(path: FilePath, options: CSVLoggerOptions = {}) {
    super();
    this.#path = filePath('path', path);
    this.#options = settle('csvLogger', TABLE, [options]);
  }

  async #writes<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const message = `cannot write '${this.#path}': ${(error as Error).message}`;
      throw new RidgelineError(
        'ERR_IO',
        message,
        { argument: 'path', received: this.#path },
        { cause: error },
      );
    }
  }

  override async onTrainBegin(): Promise<void> {
    this.#keys = undefined;
    // To open what is no file may take for ever.
    await this.#writes(async () => {
      const there = await stat(this.#path).catch(() => undefined);
      if (there && !there.isFile()) throw new Error('it is no regular file');
    });
    if (!this.#options.append) return this.#writes(() => writeFile(this.#path, ''));
    const text = await this.#writes(() =>
      readFile(this.#path, 'utf8').catch((error) => {
        if (error.code === 'ENOENT') return '';
        throw error;
      }),
    );
    // A line that has no end was being written when a process ended.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    if (whole.length < text.length) await this.#writes(() => truncate(this.#path, Buffer.byteLength(whole)));
    const [header] = whole.split('\n');
    if (header) this.#keys = fields(header, this.#options.separator).slice(1);
  }

  /** Names of what an epoch has, and of what others have that are validated where this one is not. */
  #columns(logs: Logs): string[] {
    const keys = Object.keys(logs);
    const isValidated = keys.some((key) => key.startsWith('val_'));
    const others = this.model.training.validates && !isValidated ? keys : [];
    return [...keys, ...others.filter((key) => key !== 'learning_rate').map((key) => `val_${key}`)].sort();
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const { separator } = this.#options;
    const lines: unknown[][] = [];
    if (!this.#keys) {
      this.#keys = this.#columns(logs);
      lines.push(['epoch', ...this.#keys.map((key) => quoted(key, separator))]);
    }
    // Callbacks may have added anything to the logs.
    const field = (key: string): string =>
      Object.hasOwn(logs, key) ? quoted(String(logs[key]), separator) : 'NA';
    lines.push([epoch, ...this.#keys.map(field)]);
    const text = lines.map((line) => `${line.join(separator)}\n`).join('');
    await this.#writes(() => appendFile(this.#path, text));
  }
}

/** A name as a field: between quotation marks where it would be more than one (RFC 4180). */
const quoted = (name: string, separator: string): string =>
  /["\r\n]/.test(name) || name.includes(separator) ? `"${name.replaceAll('"', '""')}"` : name;

/** The fields of a line. */
function fields(line: string, separator: string): string[] {
  const found: string[] = [];
  let field = '';
  let isQuoted = false;
  for (const character of line) {
    if (character === '"') isQuoted = !isQuoted;
    if (character === separator && !isQuoted) found.push(field);
    field = character === separator && !isQuoted ? '' : field + character;
  }
  return [...found, field].map((one) => (/^".*"$/.test(one) ? one.slice(1, -1).replaceAll('""', '"') : one));
}

/**
 * Writes a line for each epoch: its index and the numbers of its logs, by the names in the first line, which are those of
 * the first epoch and of its validation; `NA` where an epoch lacks one, as where it is not validated. Each line is written
 * as its epoch ends, so that a process that is killed loses no epoch, and `append` goes on behind the last whole line.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` `ERR_IO` when the file cannot be written.
 */
export const csvLogger = (path: FilePath, options: CSVLoggerOptions = {}): CSVLogger =>
  new CSVLogger(path, options);
