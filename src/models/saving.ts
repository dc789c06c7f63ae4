/**
 * Saving: one safetensors file with architecture, weights, optimizer state, seed and counters.
 */
import { boolean, options as checkOptions } from '../core/check.js';
import { withReferences } from '../core/custom.js';
import { type FilePath, filePath, ofFile } from '../core/file-path.js';
import { programOf } from '../core/op-program.js';
import { isTaken } from '../core/registry.js';
import { type Call, SymbolicTensor } from '../core/symbolic.js';
import { within } from '../errors.js';
import { describesModels, layerReference } from '../layers/inner-layer.js';
import type { Layer } from '../layers/layer.js';
import { allLayers } from '../layers/own-classes.js';
import { isBuiltin, isImpostor, isKnown } from '../layers/registry.js';
import { SharedLayers } from '../layers/shared-layers.js';
import { guard, type NativeVariable, native } from '../native.js';
import { Preprocessor } from '../preprocessing/preprocessor.js';
import { CallGraph } from './call-graph.js';
import type { ClassLabels } from './class-labels.js';
import { readNumber } from './filling.js';
import { located, type Network } from './network.js';
import { rebuildingFault } from './rebuilding.js';
import { checkConstraints, checkOptimizer } from './rebuilding-updates.js';
import { describeCompile } from './saved-compilation.js';
import { FORMAT, type Json, numberText, refuse, type SavedLayer, type SavedModel } from './saved-file.js';
import type { Training } from './training.js';

/** Options of {@link Model.save}. */
export interface SaveOptions {
  /** False leaves out what the model was compiled with: optimizer, its state, loss, metrics. Default true. */
  readonly includeOptimizer?: boolean | undefined;
}

interface Preprocessed {
  readonly preprocessing: Readonly<Record<string, unknown>>;
  readonly classLabels: ClassLabels | undefined;
}

/** Functions of the model that is being written, while configs are asked for; else models in them are as they say. */
let written: Record<string, unknown> | undefined;

/** Does `work`, which asks for configs of the model that is written with these functions. */
function writing<T>(functions: Record<string, unknown>, work: () => T): T {
  const outer = written;
  written = functions;
  try {
    return work();
  } finally {
    written = outer;
  }
}

/** The config of a layer, with functions by their names, which `functions` gets; what cannot come back is refused. */
function plain(layer: Layer, functions: Record<string, unknown>): Json {
  const { name } = layer;
  const fault = (key: string, what: string): Error => refuse(`'${key}' of layer '${name}' ${what}`);
  const reference = (value: unknown): object | undefined => {
    if (value === layer) throw refuse(`the config of layer '${name}' holds the layer itself`);
    return layerReference(value);
  };
  const config = writing(functions, () =>
    withReferences(layer.getConfig(), functions, isTaken, fault, reference),
  );
  try {
    return JSON.parse(JSON.stringify(config, numberText), readNumber) as Json;
  } catch (error) {
    throw refuse(`the config of layer '${name}' has no plain form: ${(error as Error).message}`);
  }
}

/** A model among layers, or in one. */
function describeInner(layer: Layer, functions: Record<string, unknown>): SavedLayer | undefined {
  if (!((layer as Partial<Network>).graph instanceof CallGraph)) return undefined;
  const { className } = layer.constructor as typeof Layer;
  return { className, config: null, model: describe(layer as Layer & Network, functions) };
}

describesModels((layer) => {
  if (!written) return undefined;
  const model = describeInner(layer, written);
  if (!model) checkKnown(layer);
  return model;
});

/** @throws {RidgelineError} `ERR_ARGUMENT` for a layer whose class no file can name. */
function checkKnown(layer: Layer): void {
  const { className } = layer.constructor as typeof Layer;
  if (isImpostor(layer))
    throw refuse(`the class of layer '${layer.name}' is called '${className}' as a layer of this package is`);
  if (!isKnown(layer)) throw refuse(`the class of layer '${layer.name}' has no 'static className'`);
}

/** Whether a layer's name is the user's, where it is not. */
const given = ({ isNamed }: Layer): { named?: false } => (isNamed ? {} : { named: false });

function describe(model: Layer & Network, functions: Record<string, unknown>): SavedModel {
  const { className } = model.constructor as typeof Layer;
  if (className !== 'Model' && className !== 'Sequential') {
    throw refuse(`model '${model.name}' is of class '${className}'; make it a Model of layers`);
  }
  const { graph } = model;
  const { layers } = graph;
  const callsOf = new Map<object | undefined, Call[]>();
  for (const call of graph.calls) {
    const calls = callsOf.get(call.layer);
    if (calls) calls.push(call);
    else callsOf.set(call.layer, [call]);
  }
  const layerIndex = new Map<object | undefined, number>(layers.map((layer, i) => [layer, i]));
  const place = new Map<SymbolicTensor, [number, number]>();
  graph.inputs.forEach((t, i) => place.set(t, [-1, i]));
  const reference = (value: unknown): Json => {
    if (Array.isArray(value)) return value.map(reference);
    // What was left out, before others that were given.
    if (value === undefined) return null;
    const at = value instanceof SymbolicTensor ? place.get(value) : undefined;
    if (!at) throw refuse('a layer was called with a constant tensor');
    return { from: at };
  };
  const calls = graph.calls.map((call, i) => {
    if (!call.layer || !call.args) {
      const { label, inputs } = call;
      const args = inputs.map(reference);
      call.outputs.forEach((t, k) => place.set(t, [i, k]));
      const program = within(`cannot save: ops.${label}, which was used outside a layer`, () =>
        programOf(inputs, (values) => call.replay(values)),
      );
      return { label, program, args };
    }
    call.outputs.forEach((t, k) => place.set(t, [i, k]));
    const training = call.training === undefined ? {} : { training: call.training };
    const others = Object.entries(call.options ?? {}).map(([name, value]) => [
      name,
      typeof value === 'boolean' ? value : reference(value),
    ]);
    const options = others.length > 0 ? { options: Object.fromEntries(others) } : {};
    const layer = layerIndex.get(call.layer) as number;
    return { layer, args: call.args.map(reference), ...training, ...options };
  });
  return {
    className,
    name: model.name,
    ...given(model),
    trainable: model.trainable,
    inputs: graph.inputs.map((t) => ({ name: t.name, shape: [...t.shape], dtype: t.dtype })),
    layers: layers.map((layer) =>
      SharedLayers.current.described(layer, () => {
        const model = describeInner(layer, functions);
        if (model) return model;
        const { className } = layer.constructor as typeof Layer;
        checkKnown(layer);
        const config = plain(layer, functions);
        if ([layer, ...allLayers(layer)].some((of) => !isBuiltin(of))) {
          const fault = rebuildingFault(layer, config, functions, callsOf.get(layer) ?? []);
          if (fault !== undefined)
            throw refuse(
              `layer '${layer.name}', made again by new ${className}(layer.getConfig()): ${fault}`,
            );
        }
        return { className, config, ...given(layer) };
      }),
    ),
    calls,
    outputs: graph.outputs.map(reference),
    preprocessing: describePreprocessing((model as Partial<Preprocessed>).preprocessing ?? {}, functions),
    classLabels: (model as Partial<Preprocessed>).classLabels,
  };
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a layer in a layer of one's own and elsewhere too, which would come back as two. */
function checkOwned(model: Layer): void {
  // What stands in a config is written once, and referred to.
  const canShare = (owner: Layer, layer: Layer): boolean =>
    (owner as Partial<Network>).graph instanceof CallGraph ||
    isBuiltin(owner) ||
    Object.values(owner.getConfig()).flat().includes(layer);
  const owners = new Map<Layer, Layer>();
  const visit = (owner: Layer): void => {
    for (const layer of owner.layers) {
      const other = owners.get(layer);
      if (other === owner || layer.variables.length === 0) continue;
      if (other && !(canShare(other, layer) && canShare(owner, layer)))
        throw refuse(
          `layer '${layer.name}' is in '${other.name}' and in '${owner.name}'; saveWeights keeps its weights`,
        );
      owners.set(layer, owner);
      visit(layer);
    }
  };
  visit(model);
}

/**
 * Steps before a model, by what makes them again; their functions by names, which `functions` gets.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but preprocessors, and for functions without a name.
 */
export function describePreprocessing(
  steps: Readonly<Record<string, unknown>>,
  functions: Record<string, unknown>,
): Record<string, Json> {
  const describeOne = ([name, step]: [string, unknown]): [string, Json] => {
    if (!(step instanceof Preprocessor)) throw refuse(`preprocessing '${name}' is no preprocessor`);
    const { className } = step.constructor as typeof Preprocessor;
    if (className === undefined)
      throw refuse(`the class of preprocessing '${name}' has no 'static className'`);
    const config = withReferences(step.getConfig(), functions, isTaken, (key, fault) =>
      refuse(`'${key}' of preprocessing '${name}' ${fault}`),
    );
    return [name, { name: className, config: config as Json }];
  };
  return Object.fromEntries(Object.entries(steps).map(describeOne));
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for what has none, such as a circle in the config of a loss of one's own. */
function textOf(saved: object): string {
  try {
    return JSON.stringify(saved, numberText);
  } catch (error) {
    throw refuse(`what it was compiled with has no plain form: ${(error as Error).message}`);
  }
}

/**
 * Writes `model` to `path`.
 *
 * Where a step runs, it is that which follows it that is written; where it is called is what the architecture is.
 *
 * @param training - Its training, if it is compiled.
 * @throws {RidgelineError} As a rejection: `ERR_ARGUMENT` naming what cannot be restored, `ERR_IO`, `ERR_MEMORY`.
 */
export async function save(
  model: Layer & Network,
  training: Training | undefined,
  path: FilePath,
  options: SaveOptions,
): Promise<void> {
  const { includeOptimizer = true } = checkOptions('save', options, ['includeOptimizer']);
  boolean('includeOptimizer', includeOptimizer);
  const file = filePath('path', path);
  const names: string[] = [];
  const variables: NativeVariable[] = [];
  const add = (name: string, variable: NativeVariable): void => {
    names.push(name);
    variables.push(variable);
  };
  located(model).forEach(([weight, path], i) => {
    add(`${i}:${path}`, weight.variable);
  });
  const weights = model.variables;
  checkOwned(model);
  const saved = includeOptimizer ? training : undefined;
  const functions: Record<string, unknown> = {};
  const compile = saved && describeCompile(saved.compiled, functions);
  checkConstraints(weights, functions);
  if (saved) checkOptimizer(saved.compiled.optimizer, model.trainableWeights, functions);
  if (saved && !saved.optimizerState.isEmpty) {
    const trainable = new Set(model.trainableWeights);
    for (const [i, weight] of weights.entries()) {
      // Those of a weight that is frozen now wait for it to be thawed.
      if (!trainable.has(weight) && !saved.optimizerState.has(weight)) continue;
      saved.optimizerState.slots(weight).forEach((slot, k) => {
        add(`optimizer/${k}/${i}`, slot);
      });
    }
  }
  const state = saved?.state();
  const callbacks = Object.entries(state?.callbacks ?? {}).map(([kind, { values, variables: copies }]) => {
    copies.forEach((copy, i) => {
      add(`callback/${kind}/${i}`, copy);
    });
    return [kind, { values, variables: copies.length }];
  });
  const text = textOf({
    format: FORMAT,
    model: SharedLayers.within(() => describe(model, functions)),
    frozen: allLayers(model).flatMap((layer, i) => (layer.trainable ? [] : [i])),
    seed: model.randomSeed,
    compile,
    training: state && { ...state, callbacks: Object.fromEntries(callbacks) },
  });
  const counters = saved?.counters ?? new native.NativeCounters();
  ofFile(file, await guard(() => native.saveCheckpoint(file, names, variables, text, counters)));
}
