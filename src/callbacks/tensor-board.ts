/**
 * Event files for TensorBoard: the numbers of epochs and batches, and histograms of weights, under Keras' tags.
 */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { type FilePath, filePath } from '../core/file-path.js';
import { integer, option, type Settled, settle, type Table } from '../core/options.js';
import { guard, type NativeEventFile, native, succeeded } from '../native.js';
import { Callback } from './callback.js';
import { makeFolder } from './folder.js';
import type { Logs } from './logs.js';

/** Options of {@link TensorBoard}. */
export interface TensorBoardOptions {
  /** Writes histograms of all weights after every so many epochs; 0 writes none. Default 0. */
  readonly histogramFreq?: number | undefined;
  /** Writes numbers at the end of every epoch alone, or also after every so many batches; `batch` is 1. Default `epoch`. */
  readonly updateFreq?: 'epoch' | 'batch' | number | undefined;
}

const freq = integer(1);
const TABLE: Table<TensorBoardOptions> = {
  histogramFreq: integer(0, 0),
  updateFreq: option(
    (argument, given): 'epoch' | 'batch' | number =>
      given === 'epoch' || given === 'batch' ? given : freq.read(argument, given),
    'epoch' as 'epoch' | 'batch' | number,
  ),
};

let files = 0;

/** See {@link tensorBoard}. */
export class TensorBoard extends Callback {
  readonly #logDir: string;
  readonly #options: Settled<TensorBoardOptions>;
  /** The files of this fit, by folder. */
  #files = new Map<string, Promise<NativeEventFile>>();
  #batches = 0;

  constructor(logDir: FilePath, options: TensorBoardOptions = {}) {
    super();
    this.#logDir = filePath('logDir', logDir);
    this.#options = settle('tensorBoard', TABLE, [options]);
    const { updateFreq } = this.#options;
    // A run tells of batches only where somebody wants to hear.
    if (updateFreq !== 'epoch')
      this.onTrainBatchEnd = (_, logs) => this.#batchEnd(logs, updateFreq === 'batch' ? 1 : updateFreq);
  }

  /** The file in a folder of `logDir`, made when it is first asked for. */
  #file(folder: string): Promise<NativeEventFile> {
    const make = async (): Promise<NativeEventFile> => {
      const path = join(this.#logDir, folder);
      await makeFolder('logDir', path);
      const seconds = String(Math.floor(Date.now() / 1000)).padStart(10, '0');
      const name = `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.${files++}.v2`;
      return guard(() => new native.NativeEventFile(join(path, name)));
    };
    let file = this.#files.get(folder);
    if (!file) {
      file = make();
      this.#files.set(folder, file);
    }
    return file;
  }

  async #scalars(
    folder: string,
    step: number,
    numbers: readonly [tag: string, value: number][],
  ): Promise<void> {
    const file = await this.#file(folder);
    // Callbacks may have added anything to the logs.
    const known = numbers.filter(([, value]) => typeof value === 'number');
    const [tags, values] = [known.map(([tag]) => tag), known.map(([, value]) => value)];
    succeeded(await guard(() => file.scalars(step, tags, values)));
  }

  override onTrainBegin(): void {
    this.#files = new Map();
    // Goes on from the steps of earlier fits.
    this.#batches = this.model.optimizer.counters?.read()[0] ?? 0;
  }

  async #batchEnd(logs: Logs, every: number): Promise<void> {
    this.#batches += 1;
    if (this.#batches % every !== 0) return;
    const numbers = Object.entries(logs).map(([key, value]): [string, number] => [`batch_${key}`, value]);
    await this.#scalars('train', this.#batches - 1, numbers);
  }

  override async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    const all = Object.entries(logs);
    const held = all.filter(([key]) => key.startsWith('val_'));
    const own = all.filter(([key]) => !key.startsWith('val_'));
    const tagged = (of: [string, number][], from: number): [string, number][] =>
      of.map(([key, value]) => [`epoch_${key.slice(from)}`, value]);
    const rate: [string, number] = ['epoch_learning_rate', this.model.optimizer.learningRate];
    const { histogramFreq } = this.#options;
    const tags = tagged(own, 0).filter(([tag]) => tag !== rate[0]);
    await this.#scalars('train', epoch, [...tags, rate]);
    if (held.length > 0) await this.#scalars('validation', epoch, tagged(held, 4));
    if (histogramFreq > 0 && epoch % histogramFreq === 0) await this.#histograms(epoch);
  }

  async #histograms(epoch: number): Promise<void> {
    const file = await this.#file('train');
    const { weights } = this.model;
    const [tags, variables] = [
      weights.map(({ path }) => `${path}/histogram`),
      weights.map((w) => w.variable),
    ];
    succeeded(await guard(() => file.histograms(epoch, tags, variables)));
  }
}

/**
 * Writes event files for TensorBoard to `logDir/train` and `logDir/validation`: `epoch_loss` and every other number of the
 * logs, the learning rate, `batch_…` where it is asked for, and histograms of weights. Every fit has files of its own.
 *
 * @example
 * ```ts
 * callbacks.tensorBoard('logs', { updateFreq: 100, histogramFreq: 1 });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad arguments; from `fit`, `ERR_IO`.
 */
export const tensorBoard = (logDir: FilePath, options?: TensorBoardOptions): TensorBoard =>
  new TensorBoard(logDir, options);
