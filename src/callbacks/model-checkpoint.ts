/**
 * Saves the model, or its weights, while it is trained.
 */
import { boolean, integer, number, option, type Settled, settle, type Table } from '../core/options.js';
import { argumentError } from '../errors.js';
import { Callback } from './callback.js';
import type { CallbackState } from './callback-state.js';
import type { Logs } from './logs.js';
import { Monitor, type MonitorOptions, monitored } from './monitor.js';
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
  readonly saveFreq?: 'epoch' | number | undefined;
  /** The value to beat, with `saveBestOnly`. Default none. */
  readonly initialValueThreshold?: number | null | undefined;
}

const freq = integer(1);
const TABLE: Table<ModelCheckpointOptions> = {
  ...monitored,
  verbose,
  saveBestOnly: boolean(false),
  saveWeightsOnly: boolean(false),
  saveFreq: option(
    (argument, given): 'epoch' | number => (given === 'epoch' ? given : freq.read(argument, given)),
    'epoch' as 'epoch' | number,
  ),
  initialValueThreshold: number(null),
};

/** See {@link modelCheckpoint}. */
export class ModelCheckpoint extends Callback {
  readonly #path: string;
  readonly #options: Settled<ModelCheckpointOptions>;
  readonly #monitor: Monitor;
  #best: number | undefined;
  #epoch = 0;
  #batches = 0;

  constructor(path: string, options: ModelCheckpointOptions = {}) {
    super();
    if (typeof path !== 'string' || path === '') throw argumentError('path', 'a file name', path);
    this.#path = path;
    this.#options = settle('modelCheckpoint', TABLE, [options]);
    this.#monitor = new Monitor('modelCheckpoint', this.#options);
  }

  /** Key of the number that it watches. */
  get monitor(): string {
    return this.#monitor.key;
  }

  get #kind(): string {
    return `modelCheckpoint/${JSON.stringify([this.#path, this.#options])}`;
  }

  override onTrainBegin(): void {
    const { values } = this.model.training.takeCallbackState(this.#kind) ?? {};
    this.#best = (values?.best as number | undefined) ?? this.#best ?? this.#options.initialValueThreshold;
    this.#batches = 0;
  }

  override onEpochBegin(epoch: number): void {
    this.#epoch = epoch;
  }

  override async onTrainBatchEnd(batch: number, logs: Logs): Promise<void> {
    const { saveFreq } = this.#options;
    if (saveFreq === 'epoch') return;
    this.#batches += 1;
    if (this.#batches % saveFreq === 0) await this.#save(this.#epoch, logs, batch);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    if (this.#options.saveFreq === 'epoch') await this.#save(epoch, logs);
  }

  async #save(epoch: number, logs: Logs, batch?: number): Promise<void> {
    const { saveBestOnly, saveWeightsOnly, verbose } = this.#options;
    if (saveBestOnly) {
      const current = this.#monitor.read(logs, this.model);
      if (current === undefined || !this.#monitor.improves(current, this.#best, this.model)) return;
      this.#best = current;
    }
    const known = { ...logs, epoch: epoch + 1, ...(batch === undefined ? {} : { batch: batch + 1 }) };
    const path = fileName(this.#path, known);
    await (saveWeightsOnly ? this.model.saveWeights(path) : this.model.save(path));
    if (verbose > 0) console.log(`Epoch ${epoch + 1}: model saved to ${path}`);
  }

  override getState(): Record<string, CallbackState> {
    return { [this.#kind]: { values: { best: this.#best }, variables: [] } };
  }
}

/** A template with numbers in it: `{epoch:02d}-{val_loss:.2f}` becomes `07-0.25`. */
function fileName(template: string, known: Readonly<Record<string, number>>): string {
  return template.replace(/\{(\w+)(?::(0?)(\d*)(d|\.(\d+)f))?\}/g, (_, key, zero, width, form, digits) => {
    const value = Object.hasOwn(known, key) ? known[key] : undefined;
    if (value === undefined) throw argumentError('path', `keys among ${Object.keys(known).join(', ')}`, key);
    const text = form === undefined || form === 'd' ? String(value) : value.toFixed(Number(digits));
    return text.padStart(Number(width || 0), zero || ' ');
  });
}

/**
 * Saves the model at the end of every epoch, or after every so many batches, each time whole or not at all.
 *
 * `path` may hold numbers of the logs in braces, with a form as in Python: `best-{epoch:02d}-{val_loss:.2f}`; epochs and
 * batches count from 1 there. Among the callbacks of a fit it comes last: what stands behind it is saved as it was an
 * epoch before.
 *
 * @example
 * ```ts
 * callbacks.modelCheckpoint('best.safetensors', { monitor: 'val_loss', saveBestOnly: true });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` for a key that the logs do not have; `ERR_IO`.
 */
export const modelCheckpoint = <const M extends string = 'val_loss'>(
  path: string,
  options: ModelCheckpointOptions<M> = {},
): ModelCheckpoint & { readonly monitor: M } =>
  new ModelCheckpoint(path, options) as ModelCheckpoint & { readonly monitor: M };
