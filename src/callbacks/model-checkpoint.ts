/**
 * Saves the model, or its weights, while it is trained.
 */
import { type FilePath, filePath } from '../core/file-path.js';
import { boolean, number, type Settled, settle, type Table } from '../core/options.js';
import { argumentError } from '../errors.js';
import { Callback } from './callback.js';
import type { CallbackState } from './callback-state.js';
import { makeFolderOf } from './folder.js';
import type { Logs } from './logs.js';
import { Monitor, type MonitorOptions, monitored } from './monitor.js';
import { type SaveFreq, saveAfterBatches, saveFreq } from './save-freq.js';
import { verbose } from './verbose.js';

/** Options of {@link ModelCheckpoint}. */
export interface ModelCheckpointOptions<M extends string = string> extends MonitorOptions<M> {
  /** 1 says so when it saves. Default 0. */
  readonly verbose?: 0 | 1 | undefined;
  /** Saves only when `monitor` has improved. Default false. */
  readonly saveBestOnly?: boolean | undefined;
  /** Saves weights alone, for `loadWeights`; else all that `loadModel` goes on from. Default false. */
  readonly saveWeightsOnly?: boolean | undefined;
  /** Saves at the end of every epoch, or after every so many batches. Default `epoch`. */
  readonly saveFreq?: SaveFreq | undefined;
  /** The value to beat, with `saveBestOnly`. Default none. */
  readonly initialValueThreshold?: number | null | undefined;
}

const TABLE: Table<ModelCheckpointOptions> = {
  ...monitored,
  verbose,
  saveBestOnly: boolean(false),
  saveWeightsOnly: boolean(false),
  saveFreq,
  initialValueThreshold: number(null),
};

/** See {@link modelCheckpoint}. */
export class ModelCheckpoint extends Callback {
  readonly #path: string;
  readonly #options: Settled<ModelCheckpointOptions>;
  readonly #monitor: Monitor;
  #best: number | undefined;
  #epoch = 0;
  readonly #restart: () => void;
  /** The last epoch it was told of. */
  #seen = -1;

  constructor(given: FilePath, options: ModelCheckpointOptions = {}) {
    super();
    const path = given instanceof URL ? filePath('path', given) : given;
    if (typeof path !== 'string' || path === '') throw argumentError('path', 'a file name', path);
    checkTemplate(path);
    this.#path = path;
    this.#options = settle('modelCheckpoint', TABLE, [options]);
    this.#monitor = new Monitor('modelCheckpoint', this.#options);
    this.#restart = saveAfterBatches(this, this.#options.saveFreq, (batch, logs) =>
      this.#save(this.#epoch, logs, batch),
    );
  }

  /** Key of the number that it watches. */
  get monitor(): string {
    return this.#monitor.key;
  }

  get #kind(): string {
    return `modelCheckpoint/${JSON.stringify([this.#path, this.#options])}`;
  }

  override async onTrainBegin(): Promise<void> {
    const { values } = this.model.training.takeCallbackState(this.#kind) ?? {};
    this.#best = (values?.best as number | undefined) ?? this.#best ?? this.#options.initialValueThreshold;
    this.#restart();
    const last = this.model.training.lastEpoch;
    this.#seen = values ? (values.seen as number) : (last?.epoch ?? -1);
    // It was saved by a callback that came before this one, and the weights are still those of then.
    if (last && last.epoch > this.#seen) await this.onEpochEnd(last.epoch, last.logs);
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#options.saveFreq === 'epoch') await this.#save(epoch, logs);
    this.#seen = epoch;
  }

  async #save(epoch: number, logs: Logs, batch?: number): Promise<void> {
    const { saveBestOnly, saveWeightsOnly, verbose } = this.#options;
    if (saveBestOnly) {
      // In the middle of an epoch nothing is validated, and nothing would ever be saved.
      const current = this.#monitor.read(logs, this.model, batch !== undefined);
      if (current === undefined || !this.#monitor.improves(current, this.#best, this.model)) return;
      this.#best = current;
    }
    const known = { ...logs, epoch: epoch + 1, ...(batch === undefined ? {} : { batch: batch + 1 }) };
    const path = fileName(this.#path, known);
    await makeFolderOf('path', path);
    await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    if (verbose > 0) console.log(`Epoch ${epoch + 1}: model saved to ${path}`);
  }

  override getState(): Record<string, CallbackState> {
    return { [this.#kind]: { values: { best: this.#best, seen: this.#seen }, variables: [] } };
  }
}

/** The most digits that a number is written with, and places that it takes. */
const MOST_DIGITS = 100;
/** A number in a template: its key, and its form, such as `02d` or `.2f`. */
const FIELD = /\{\{|\}\}|\{(\w+)(?::(0?)(\d*)(?:(d)|(?:\.(\d+))?([fe%]))?)?\}/g;

/** @throws {RidgelineError} `ERR_ARGUMENT` for braces that are none of these. */
function checkTemplate(template: string): void {
  const rest = template.replace(FIELD, '');
  const fields = [...template.matchAll(FIELD)];
  const isLong = fields.some(
    ([, , , width, , digits]) => Number(width ?? 0) > MOST_DIGITS || Number(digits ?? 0) > MOST_DIGITS,
  );
  if (/[{}]/.test(rest) || isLong)
    throw argumentError(
      'path',
      'a template of fields such as {epoch:02d}, {val_loss:.2f} or {loss:.1e}',
      template,
    );
}

/** A template with numbers in it: `{epoch:02d}-{val_loss:.2f}` becomes `07-0.25`. */
function fileName(template: string, known: Readonly<Record<string, number>>): string {
  return template.replace(FIELD, (field, key, zero, width, whole, digits, form) => {
    if (key === undefined) return field.slice(1);
    const value = Object.hasOwn(known, key) ? known[key] : undefined;
    if (value === undefined) throw argumentError('path', `keys among ${Object.keys(known).join(', ')}`, key);
    if (whole && !Number.isInteger(value)) throw argumentError(`{${key}:d}`, 'of an integer', value);
    return formatted(value, form, Number(digits ?? 6)).padStart(Number(width || 0), zero || ' ');
  });
}

function formatted(value: number, form: string | undefined, digits: number): string {
  if (form === 'f') return value.toFixed(digits);
  if (form === '%') return `${(100 * value).toFixed(digits)}%`;
  // Python writes two digits of an exponent at least.
  if (form === 'e') return value.toExponential(digits).replace(/e([+-])(\d)$/, 'e$10$2');
  return String(value);
}

/**
 * Saves the model at the end of every epoch, or after every so many batches, each time whole or not at all.
 *
 * `path` may hold numbers of the logs in braces, with a form as in Python, of `d`, `f`, `e` and `%` with a width and digits:
 * `best-{epoch:02d}-{val_loss:.2f}`; epochs and batches count from 1 there. Its folder is made where it is not there. Among
 * the callbacks of a fit it comes last: what stands behind it is saved as it was an epoch before.
 *
 * @example
 * ```ts
 * callbacks.modelCheckpoint('best.safetensors', { monitor: 'val_loss', saveBestOnly: true });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` for a key that the logs do not have; `ERR_IO`.
 */
export const modelCheckpoint = <const M extends string = 'val_loss'>(
  path: FilePath,
  options: ModelCheckpointOptions<M> = {},
): ModelCheckpoint & { readonly monitor: M } =>
  new ModelCheckpoint(path, options) as ModelCheckpoint & { readonly monitor: M };
