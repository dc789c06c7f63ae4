/**
 * Goes on where a fit was cut short: its state is saved as it goes, and found by the next fit.
 */
import { rm, stat } from 'node:fs/promises';
import { type FilePath, filePath } from '../core/file-path.js';
import { boolean, type Settled, settle, type Table } from '../core/options.js';
import { Callback } from './callback.js';
import { makeFolderOf } from './folder.js';
import { type SaveFreq, saveAfterBatches, saveFreq } from './save-freq.js';

/** Options of {@link BackupAndRestore}. */
export interface BackupAndRestoreOptions {
  /**
   * Saves at the end of every epoch, or after every so many batches: the next fit goes on within the epoch then, and its
   * logs are of the whole of it. Default `epoch`.
   */
  readonly saveFreq?: SaveFreq | undefined;
  /** Removes the file when a fit has come to its end. Default true. */
  readonly deleteCheckpoint?: boolean | undefined;
}

const TABLE: Table<BackupAndRestoreOptions> = { saveFreq, deleteCheckpoint: boolean(true) };

/** See {@link backupAndRestore}. */
export class BackupAndRestore extends Callback {
  readonly #path: string;
  readonly #options: Settled<BackupAndRestoreOptions>;

  constructor(path: FilePath, options: BackupAndRestoreOptions = {}) {
    super();
    this.#path = filePath('path', path);
    this.#options = settle('backupAndRestore', TABLE, [options]);
    saveAfterBatches(this, this.#options.saveFreq, () => this.#save());
  }

  async #save(): Promise<void> {
    await makeFolderOf('path', this.#path);
    await this.model.save(this.#path);
  }

  /** @internal */
  override async prepare(): Promise<void> {
    const isThere = await stat(this.#path).then(
      () => true,
      () => false,
    );
    if (isThere) await this.model.training.resume(this.#path);
  }

  override async onEpochEnd(): Promise<void> {
    if (this.#options.saveFreq === 'epoch') await this.#save();
  }

  override async onTrainEnd(): Promise<void> {
    if (this.#options.deleteCheckpoint && this.model.training.hasFinished)
      await rm(this.#path, { force: true });
  }
}

/**
 * Saves all that training goes on from to `path`, at the end of every epoch or after every so many batches, and goes on
 * from there in a fit that finds such a file: the same program, started again after it was killed, ends as if nothing had
 * happened. The file is written whole or not at all, and removed when a fit has come to its end.
 *
 * Among the callbacks of a fit it comes last: what stands behind it is saved as it was before it heard. The epoch to
 * begin with is then that of the file, whatever `initialEpoch` says; callbacks hear of the beginning of an epoch again
 * where it goes on within. Batches that come one by one are passed over up to there if their source begins anew with every
 * epoch; another source goes on with the batch it gives next.
 *
 * @example
 * ```ts
 * callbacks.backupAndRestore('backup.safetensors');
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad arguments; from `fit`, `ERR_IO` where the file is of another model.
 */
export const backupAndRestore = (path: FilePath, options?: BackupAndRestoreOptions): BackupAndRestore =>
  new BackupAndRestore(path, options);
