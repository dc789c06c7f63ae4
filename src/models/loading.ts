/**
 * Loading: a model from the file that `save` wrote.
 */
import { options as checkOptions, isPlain } from '../core/check.js';
import { type CustomObjects, withCustom } from '../core/registry.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import { input } from '../layers/core/input.js';
import type { Layer } from '../layers/layer.js';
import { type LayerClass, restoreLayer } from '../layers/registry.js';
import { type LossIdentifier, restoreLoss } from '../losses/identifier.js';
import { guard, type NativeVariable, native } from '../native.js';
import { restoreOptimizer } from '../optimizers/identifier.js';
import type { Metrics } from './compile-options.js';
import { Model } from './model.js';
import { allLayers, FORMAT, type Json, type SavedModel } from './saving.js';
import { Sequential } from './sequential.js';
import type { TrainingState } from './training.js';

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
}

function restore(saved: SavedModel): Model {
  const inputs = saved.inputs.map((of) => {
    const t = input(of.shape.slice(1), { dtype: of.dtype as 'float32' });
    t.name = of.name;
    return t;
  });
  const layers = saved.layers.map((of) => (of.model ? restore(of.model) : restoreLayer(of)));
  if (saved.className === 'Sequential') {
    return new Sequential([inputs[0] as SymbolicTensor, ...layers], {
      name: saved.name,
      trainable: saved.trainable,
    });
  }
  const values: SymbolicTensor[][] = [];
  const resolve = (value: Json): unknown => {
    if (Array.isArray(value)) return value.map(resolve);
    const [call, output] = (value as { from: [number, number] }).from;
    return call === -1 ? inputs[output] : values[call]?.[output];
  };
  for (const call of saved.calls) {
    const args = call.args.map(resolve);
    if (call.training !== undefined) args.push({ training: call.training });
    const result = (layers[call.layer] as Layer).invoke(args) as SymbolicTensor | SymbolicTensor[];
    values.push(Array.isArray(result) ? result : [result]);
  }
  const outputs = saved.outputs.map((o) => resolve(o) as SymbolicTensor);
  return new Model({ inputs, outputs, name: saved.name, trainable: saved.trainable });
}

/**
 * Reads a model that {@link Model.save} wrote: ready to predict, and to go on training if it was compiled.
 *
 * @example
 * ```ts
 * await model.save('model.safetensors');
 * const again = await loadModel('model.safetensors');
 * ```
 * @throws {RidgelineError} As a rejection: `ERR_IO` for a missing, damaged or foreign file, `ERR_ARGUMENT` for an
 *   own layer class that was not passed.
 */
export async function loadModel(path: string, options: LoadOptions = {}): Promise<Model> {
  const { layers = [], custom } = checkOptions('loadModel', options, ['layers', 'custom']);
  if (typeof path !== 'string' || path === '') throw argumentError('path', 'a file name', path);
  if (!Array.isArray(layers)) throw argumentError('layers', 'a list of layer classes', layers);
  if (custom !== undefined && !isPlain(custom))
    throw argumentError('custom', 'an object of classes, functions and objects by name', custom);
  const classes = Object.fromEntries(layers.map((of) => [of.className, of]));
  return withCustom({ ...classes, ...custom }, () => read(path));
}

function read(path: string): Model {
  const file = guard(() => native.loadCheckpoint(path));
  const damaged = (what: string): RidgelineError =>
    new RidgelineError('ERR_IO', `'${path}' is not a model file: ${what}`, { argument: 'path' });
  let saved: {
    format: number;
    model: SavedModel;
    frozen?: number[];
    seed: number;
    compile?: {
      optimizer: { name: string; config: Record<string, unknown> };
      losses: { name: string; config: Record<string, unknown> }[];
      lossWeights: number[];
      metrics: Metrics;
      weightedMetrics: Metrics;
    };
    training?: TrainingState;
  };
  try {
    saved = JSON.parse(file.text);
  } catch (error) {
    throw damaged((error as Error).message);
  }
  if (saved?.format !== FORMAT) throw damaged(`format ${saved?.format}, this version reads ${FORMAT}`);
  if (!Array.isArray(saved.model?.layers)) throw damaged('it describes no layers');
  const tensors = new Map(file.names.map((name, i) => [name, Tensor.fromNative(file.tensors[i] as never)]));
  const model = restore(saved.model);
  model.randomSeed = saved.seed;
  // Each after those around it, whose assignments it would take over.
  const frozen = new Set(saved.frozen);
  if (frozen.size > 0) {
    for (const [i, layer] of allLayers(model).entries()) layer.trainable = !frozen.has(i);
  }
  const take = (name: string, shape: readonly number[]): Tensor => {
    const found = tensors.get(name);
    if (!found || shapeText(found.shape) !== shapeText(shape))
      throw damaged(`tensor '${name}' of shape ${shapeText(shape)} is missing`);
    return found;
  };
  const { weights } = model;
  // Not through `Weight.write`: a model that was saved with NaN can be looked at.
  const fill = (variable: NativeVariable, value: Tensor): void =>
    guard(() => variable.write(value.data, [...value.shape]));
  weights.forEach((weight, i) => {
    fill(weight.variable, take(`${i}:${weight.path}`, weight.shape));
  });
  const { compile, training } = saved;
  if (compile) {
    model.compile({
      optimizer: restoreOptimizer(compile.optimizer),
      loss: compile.losses.map(restoreLoss) as LossIdentifier[],
      lossWeights: compile.lossWeights,
      metrics: compile.metrics,
      weightedMetrics: compile.weightedMetrics,
    });
    if (training) model.training.restore(training);
    const { optimizerState } = model.training;
    const trainable = new Set(model.trainableWeights);
    for (const [at, weight] of weights.entries()) {
      if (!trainable.has(weight) || !tensors.has(`optimizer/0/${at}`)) continue;
      optimizerState.slots(weight).forEach((slot, k) => {
        fill(slot, take(`optimizer/${k}/${at}`, weight.shape));
      });
    }
  }
  return model;
}
