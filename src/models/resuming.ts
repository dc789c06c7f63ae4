/**
 * Going on from a saved file with a model that is there already: it becomes what it was when the file was written.
 */
import { isPlain } from '../core/check.js';
import { ofFile } from '../core/file-path.js';
import { RidgelineError } from '../errors.js';
import { guard, type NativeCheckpoint, native } from '../native.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { type Damage, Filling, readNumber, type SavedTraining } from './filling.js';
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
    const { model } = of;
    const { filling, state, saved, rates } = sound(damaged, () => read(of, checkpoint, damaged));
    const names = filling.fills.map(([tensor]) => tensor);
    const variables = filling.fills.map(([, variable]) => variable);
    ofFile(path, await guard(() => checkpoint.fill(names, variables)));
    model.randomSeed = saved.seed;
    for (const [i, part] of model.optimizer.parts.entries()) {
      const rate = rates[i];
      if (rate !== undefined) part.learningRate = rate;
    }
    of.restore(checkpoint.counters, state);
  } finally {
    checkpoint.release();
  }
}

/** An optimizer as a file has it. */
interface SavedOptimizer {
  readonly name: string;
  readonly learningRate?: unknown;
  readonly groups?: readonly { readonly optimizer: SavedOptimizer }[];
}

/** What of a file's text is needed. */
interface SavedText {
  readonly format: number;
  readonly seed: number;
  readonly compile: {
    readonly optimizer: { readonly name: string; readonly config: Omit<SavedOptimizer, 'name'> };
  };
  readonly training: SavedTraining;
}

/** What of a file goes where: all of it is checked before anything is changed. */
function read(of: Resumed, checkpoint: NativeCheckpoint, damaged: Damage): Read {
  const saved = parsed(checkpoint.text, damaged);
  const { model } = of;
  const filling = new Filling(checkpoint, damaged);
  filling.weights(model);
  const rates = ratesOf(saved, model.optimizer, damaged);
  filling.slots(model.variables, of.optimizerState);
  const state = filling.training(saved.training);
  const [then, now] = [state.place?.keys.join(), of.keys.join()];
  if (then !== undefined && then !== now)
    throw damaged(`it measured [${then}] in its epoch, the model measures [${now}]`);
  return { filling, state, saved, rates };
}

interface Read {
  readonly filling: Filling;
  readonly state: TrainingState;
  readonly saved: SavedText;
  /** Learning rates of the optimizer and of those of its groups, but where a schedule gives one. */
  readonly rates: readonly (number | undefined)[];
}

function ratesOf(
  { compile: { optimizer: saved } }: SavedText,
  optimizer: Optimizer,
  damaged: Damage,
): Read['rates'] {
  if (!isPlain(saved.config)) throw damaged('its optimizer has no config');
  const { groups = [], ...own } = { name: saved.name, ...saved.config };
  const parts: SavedOptimizer[] = [own, ...groups.map((group) => group.optimizer)];
  const [then, now] = [parts, optimizer.parts].map((all) => all.map(({ name }) => name).join());
  if (then !== now) throw damaged(`it was trained by [${then}], the model is by [${now}]`);
  return parts.map(({ learningRate: rate }) => {
    if (typeof rate !== 'number') return undefined;
    if (!(Number.isFinite(rate) && rate >= 0)) throw damaged(`a learning rate of ${rate}`);
    return rate;
  });
}

function parsed(text: string, damaged: Damage): SavedText {
  const saved = JSON.parse(text, readNumber) as Partial<SavedText> | null;
  if (saved?.format !== FORMAT) throw damaged(`format ${saved?.format}, this version reads ${FORMAT}`);
  if (!saved.compile || !saved.training) throw damaged('it was saved without its training');
  if (!Number.isSafeInteger(saved.seed)) throw damaged(`a seed of ${saved.seed}`);
  return saved as SavedText;
}

/** What `work` gives; where it fails over what is in a file, that is damaged. */
function sound<T>(damaged: Damage, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RidgelineError && ['ERR_IO', 'ERR_MEMORY'].includes(error.code)) throw error;
    throw damaged(error instanceof Error ? error.message : String(error));
  }
}
