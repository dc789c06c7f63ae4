/**
 * Going on from a saved file with a model that is there already: it becomes what it was when the file was written.
 */
import { ofFile } from '../core/file-path.js';
import { RidgelineError } from '../errors.js';
import { guard, type NativeCheckpoint, native } from '../native.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { Filling, readNumber, type SavedTraining } from './filling.js';
import type { TrainingState } from './history.js';
import type { Located } from './network.js';
import type { OptimizerState } from './optimizer-state.js';
import { FORMAT } from './saved-file.js';

/** What is resumed. */
export interface Resumed {
  readonly model: Located & {
    readonly optimizer: Optimizer;
    randomSeed: number;
  };
  readonly optimizerState: OptimizerState;
  /** Keys of what is measured. */
  readonly keys: readonly string[];
  restore(counters: readonly number[], state: TrainingState): void;
}

/**
 * Fills `of` from the file at `path`.
 * @throws {RidgelineError} `ERR_IO` for a file that is missing, damaged or of another model, `ERR_MEMORY`; nothing is
 *   changed then.
 */
export async function resume(of: Resumed, path: string): Promise<void> {
  const { file } = ofFile(path, await guard(() => native.loadCheckpoint(path)));
  const checkpoint = file as NativeCheckpoint;
  const damaged = (what: string): RidgelineError =>
    new RidgelineError('ERR_IO', `'${path}' is not a file of this model: ${what}`, { argument: 'path' });
  try {
    const saved = parsed(checkpoint.text, damaged);
    const { model } = of;
    const filling = new Filling(checkpoint, damaged);
    filling.weights(model);
    filling.slots(model.variables, of.optimizerState);
    const state = filling.training(saved.training);
    const [then, now] = [state.place?.keys.join(), of.keys.join()];
    if (then !== undefined && then !== now)
      throw damaged(`it measured [${then}] in its epoch, the model measures [${now}]`);
    const names = filling.fills.map(([tensor]) => tensor);
    const variables = filling.fills.map(([, variable]) => variable);
    ofFile(path, await guard(() => checkpoint.fill(names, variables)));
    model.randomSeed = saved.seed;
    const { learningRate } = saved.compile.optimizer.config;
    if (typeof learningRate === 'number') model.optimizer.learningRate = learningRate;
    of.restore(checkpoint.counters, state);
  } finally {
    checkpoint.release();
  }
}

/** What of a file's text is needed. */
interface SavedText {
  readonly format: number;
  readonly seed: number;
  readonly compile: { readonly optimizer: { readonly config: { readonly learningRate?: unknown } } };
  readonly training: SavedTraining;
}

function parsed(text: string, damaged: (what: string) => RidgelineError): SavedText {
  const saved = JSON.parse(text, readNumber) as Partial<SavedText> | null;
  if (saved?.format !== FORMAT) throw damaged(`format ${saved?.format}, this version reads ${FORMAT}`);
  if (!saved.compile || !saved.training) throw damaged('it was saved without its training');
  return saved as SavedText;
}
