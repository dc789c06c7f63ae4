/**
 * Loading: a model from the file that `save` wrote.
 */

import { dispatch } from '../core/apply.js';
import { options as checkOptions, isPlain, number } from '../core/check.js';
import { type CustomObjects, resolveReferences, withCustom } from '../core/custom.js';
import { type FilePath, filePath, ofFile } from '../core/file-path.js';
import { runProgram } from '../core/op-program.js';
import { undisturbed } from '../core/random.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import { input } from '../layers/core/input.js';
import { restoresLayers, type SavedInnerLayer } from '../layers/inner-layer.js';
import type { Layer } from '../layers/layer.js';
import { layerName } from '../layers/naming.js';
import { allLayers } from '../layers/own-classes.js';
import { type LayerClass, restoreLayer } from '../layers/registry.js';
import { SharedLayers } from '../layers/shared-layers.js';
import { withoutValues } from '../layers/weights.js';
import { restoreLoss } from '../losses/identifier.js';
import { type MetricIdentifier, restoreMetric } from '../metrics/identifier.js';
import { guard, type NativeCheckpoint, native } from '../native.js';
import { restoreOptimizer } from '../optimizers/identifier.js';
import { restorePreprocessor } from '../preprocessing/registry.js';
import type { Metrics, OwnStepOptions } from './compile-options.js';
import { Filling, type Fills, readNumber, type SavedTraining } from './filling.js';
import { Model } from './model.js';
import { type Network, traceInputs } from './network.js';
import type { Tensors } from './one-or-several.js';
import type { TrainStep } from './own-step.js';
import { FORMAT, type Json, type SavedModel } from './saved-file.js';
import { Sequential } from './sequential.js';

/** Options of {@link loadModel}. */
export interface LoadOptions {
  /** Own layer classes that the model has, found by `static className`. */
  readonly layers?: readonly LayerClass[] | undefined;
  /**
   * What else of one's own the model has, by the name under which it was saved: layer classes, losses, metrics,
   * activations, regularizers, constraints, initializers. A class gets the saved config; a function stands for what
   * it would where it is given directly, or, where functions are not taken, makes something from the config.
   */
  readonly custom?: CustomObjects | undefined;
  /** Another name of the model, such as beside others from the same file. */
  readonly name?: string | undefined;
}

/** The layer, whose name may be one that it got among others: it changes where another one has it. */
function named<L extends Layer>(layer: L, { named }: Pick<SavedInnerLayer, 'named'>): L {
  if (named === false) {
    layer.isNamed = false;
    layer.rename(layer.name);
  }
  return layer;
}

/** A layer, or a model among layers or in one. */
const restoreInner = (of: SavedInnerLayer): Layer =>
  of.model ? restore(of.model as SavedModel) : named(restoreLayer(of), of);

restoresLayers(restoreInner);

function restore(saved: SavedModel): Model {
  const inputs = saved.inputs.map((of) => {
    const [batchSize, ...shape] = of.shape;
    const t = input(shape, { dtype: of.dtype as 'float32', batchSize });
    t.name = of.name;
    return t;
  });
  const layers = saved.layers.map((saved) => SharedLayers.current.restored(saved, restoreInner));
  if (saved.className === 'Sequential') {
    const { name, trainable } = saved;
    return completed(saved, new Sequential([inputs[0] as SymbolicTensor, ...layers], { name, trainable }));
  }
  const values: SymbolicTensor[][] = [];
  const resolve = (value: Json): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    if (value === null) return undefined;
    if (typeof value === 'boolean') return value;
    const [call, output] = (value as { from: [number, number] }).from;
    return call === -1 ? inputs[output] : values[call]?.[output];
  };
  for (const call of saved.calls) {
    const args = call.args.map(resolve);
    if ('program' in call) {
      const { label, program } = call;
      const work = (of: readonly unknown[]): SymbolicTensor[] => runProgram(program, of as SymbolicTensor[]);
      values.push(dispatch({ label }, args as SymbolicTensor[], work) as SymbolicTensor[]);
      continue;
    }
    const options = Object.entries(call.options ?? {}).map(([name, value]) => [name, resolve(value)]);
    if (call.training !== undefined || options.length > 0) {
      const training = call.training === undefined ? {} : { training: call.training };
      args.push({ ...training, ...Object.fromEntries(options) });
    }
    const result = (layers[call.layer] as Layer).invoke(args) as SymbolicTensor | SymbolicTensor[];
    values.push(Array.isArray(result) ? result : [result]);
  }
  const outputs = saved.outputs.map((o) => resolve(o) as SymbolicTensor);
  const { name, trainable } = saved;
  return completed(saved, new Model({ inputs, outputs, name, trainable }));
}

/** Goes through a model's layers once, which find what is inside them. */
function traceLayers(model: Model, training: boolean): void {
  const trace = new Trace(training);
  trace.run(() => model.graph.replay(traceInputs(model as unknown as Network, trace)));
  trace.graph.release();
}

/** The model with the steps that were before it, the names of its classes, and its own. */
function completed(saved: SavedModel, model: Model): Model {
  for (const [name, step] of Object.entries(saved.preprocessing))
    model.preprocessing[name] = restorePreprocessor(step as { name: string; config: object });
  model.classLabels = saved.classLabels;
  return named(model, saved);
}

/**
 * Reads a model that {@link Model.save} wrote: ready to predict, and to go on training if it was compiled. The caller
 * may tell the compiler of the keys of its metrics and of its outputs: `loadModel<'mae', [SymbolicTensor, SymbolicTensor]>`.
 *
 * @example
 * ```ts
 * await model.save('model.safetensors');
 * const again = await loadModel('model.safetensors');
 * ```
 * @throws {RidgelineError} As a rejection: `ERR_IO` for a missing, damaged or foreign file, `ERR_ARGUMENT` for
 *   something of one's own that was not passed, `ERR_MEMORY`.
 */
// biome-ignore lint/suspicious/noExplicitAny: a file does not tell the compiler of its model.
export async function loadModel<K extends string = string, O extends Tensors = any>(
  path: FilePath,
  options: LoadOptions = {},
): Promise<Model<K, O>> {
  const { layers = [], custom, name } = checkOptions('loadModel', options, ['layers', 'custom', 'name']);
  const file = filePath('path', path);
  if (!Array.isArray(layers)) throw argumentError('layers', 'a list of layer classes', layers);
  if (custom !== undefined && !isPlain(custom))
    throw argumentError('custom', 'an object of classes, functions and objects by name', custom);
  const isClass = (of: unknown): boolean => typeof of === 'function' && 'className' in of;
  if (!Array.from(layers).every(isClass)) throw argumentError('layers', 'a list of layer classes', layers);
  const classes = Object.fromEntries(layers.map((of) => [of.className, of]));
  if (name !== undefined) layerName.read('name', name);
  const loaded = ofFile(file, await guard(() => native.loadCheckpoint(file)));
  const checkpoint = loaded.file as NativeCheckpoint;
  try {
    const { model, fills } = undisturbed(() =>
      withCustom({ ...classes, ...custom }, () => build(file, checkpoint, name)),
    );
    const names = fills.map(([tensor]) => tensor);
    const variables = fills.map(([, variable]) => variable);
    ofFile(file, await guard(() => checkpoint.fill(names, variables)));
    return model as unknown as Model<K, O>;
  } finally {
    checkpoint.release();
  }
}

/** The text of a file. */
interface SavedFile {
  readonly format: number;
  readonly model: SavedModel;
  readonly frozen?: number[];
  readonly seed: number;
  readonly compile?: {
    readonly optimizer: { name: string; config: Record<string, unknown> };
    readonly losses: ({ name: string; config: Record<string, unknown> } | null)[];
    readonly lossWeights: number[];
    readonly metrics: Json;
    readonly weightedMetrics: Json;
    /** Its name, if there is one of the user's own. */
    readonly trainStep?: Json;
  };
  readonly training?: SavedTraining;
}

/** A model without values, and what fills it. Whatever is wrong with a file's text is found here. */
function build(
  path: string,
  file: NativeCheckpoint,
  name: string | undefined,
): { model: Model; fills: Fills } {
  const damaged = (what: string, cause?: unknown): RidgelineError =>
    new RidgelineError(
      'ERR_IO',
      `'${path}' is not a model file: ${what}`,
      { argument: 'path' },
      cause === undefined ? {} : { cause },
    );
  try {
    return rebuild(file, name, damaged);
  } catch (error) {
    // What was not passed is the caller's to mend, all else the file's.
    const argument = error instanceof RidgelineError ? error.details.argument : undefined;
    if (error instanceof RidgelineError && error.code === 'ERR_MEMORY') throw error;
    if (argument === 'custom' || argument === 'layers' || argument === 'path') throw error;
    throw damaged(error instanceof Error ? error.message : String(error), error);
  }
}

function rebuild(
  file: NativeCheckpoint,
  name: string | undefined,
  damaged: (what: string) => RidgelineError,
): ReturnType<typeof build> {
  const saved = JSON.parse(file.text, readNumber) as SavedFile;
  if (saved?.format === undefined)
    throw damaged('it says no format. Weights alone, from saveWeights, are read by loadWeights of a model');
  if (saved.format !== FORMAT) throw damaged(`format ${saved.format}, this version reads ${FORMAT}`);
  if (!Array.isArray(saved.model?.layers)) throw damaged('it describes no layers');
  const count = file.names.filter((of) => /^\d+:/.test(of)).length;
  const model = SharedLayers.within(() =>
    withoutValues(file.elements, () => {
      const made = restore(name === undefined ? saved.model : { ...saved.model, name, named: undefined });
      // What is used in training alone has its weights from there.
      if (count > made.variables.length) traceLayers(made, true);
      return made;
    }),
  );
  model.randomSeed = number('seed', saved.seed);
  // Each after those around it, whose assignments it would take over.
  const frozen = new Set(saved.frozen);
  if (frozen.size > 0) {
    for (const [i, layer] of allLayers(model).entries()) layer.trainable = !frozen.has(i);
  }
  const filling = new Filling(file, damaged);
  const { fills } = filling;
  const weights = model.variables;
  filling.weights(model);
  const { compile, training } = saved;
  if (!compile) return { model, fills };
  const trainStep = resolveReferences(compile.trainStep) as TrainStep | undefined;
  const isFree = trainStep !== undefined && compile.losses.every((of) => of === null);
  model.compile({
    optimizer: restoreOptimizer(compile.optimizer),
    loss: isFree ? undefined : compile.losses.map((of) => of && restoreLoss(of)),
    lossWeights: compile.lossWeights,
    metrics: restoreMetrics(compile.metrics),
    weightedMetrics: restoreMetrics(compile.weightedMetrics),
    ...(trainStep ? { trainStep } : {}),
  } as OwnStepOptions);
  filling.slots(weights, model.training.optimizerState);
  if (training) model.training.restore(file.counters, filling.training(training));
  return { model, fills };
}

function restoreMetrics(saved: Json): Metrics {
  const one = (of: Json): MetricIdentifier =>
    (typeof of === 'string' ? of : restoreMetric(of as never)) as MetricIdentifier;
  if (Array.isArray(saved)) return saved.map(one);
  return Object.fromEntries(
    Object.entries(saved as object).map(([output, list]) => [output, (list as Json[]).map(one)]),
  );
}
