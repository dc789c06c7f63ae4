/**
 * Saving: one safetensors file with architecture, weights, optimizer state, seed and counters.
 */
import { boolean, options as checkOptions } from '../core/check.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import { isImpostor, isKnown } from '../layers/registry.js';
import type { MetricIdentifier } from '../metrics/identifier.js';
import { guard, type NativeVariable, native } from '../native.js';
import { CallGraph } from './call-graph.js';
import type { Compiled } from './compilation.js';
import type { Metrics } from './compile-options.js';
import type { Network } from './network.js';
import type { Training } from './training.js';

/** Version of the file's JSON. */
export const FORMAT = 1;

/** Options of {@link Model.save}. */
export interface SaveOptions {
  /** False leaves out what the model was compiled with: optimizer, its state, loss, metrics. Default true. */
  readonly includeOptimizer?: boolean | undefined;
}

/** A plain value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json | undefined };

/** A model's architecture. */
export interface SavedModel {
  readonly className: string;
  readonly name: string;
  readonly trainable: boolean;
  readonly inputs: {
    readonly name: string | undefined;
    readonly shape: (number | null)[];
    readonly dtype: string;
  }[];
  readonly layers: { readonly className: string; readonly config: Json; readonly model?: SavedModel }[];
  /** Each call: the layer, its arguments with references, and the training flag. */
  readonly calls: { readonly layer: number; readonly args: Json[]; readonly training?: boolean }[];
  readonly outputs: Json[];
}

/** A model's layers and those inside them, each before what is inside it. */
export function allLayers(of: { readonly layers: readonly Layer[] }): Layer[] {
  return of.layers.flatMap((layer) => [layer, ...allLayers(layer)]);
}

function refuse(what: string): RidgelineError {
  return new RidgelineError('ERR_ARGUMENT', `cannot save: ${what}`, { argument: 'model' });
}

/** Rejects what has no plain form: functions, such as penalties or activations of one's own. */
function plain(layer: Layer, config: unknown): Json {
  const walk = (value: unknown, key: string): void => {
    if (typeof value === 'function') throw refuse(`'${key}' of layer '${layer.name}' is a function`);
    if (typeof value !== 'object' || value === null) return;
    for (const [inner, v] of Object.entries(value)) walk(v, inner);
  };
  walk(config, 'config');
  return JSON.parse(JSON.stringify(config)) as Json;
}

function describe(model: Layer & Network): SavedModel {
  const { className } = model.constructor as typeof Layer;
  if (className !== 'Model' && className !== 'Sequential') {
    throw refuse(`model '${model.name}' is of class '${className}'; make it a Model of layers`);
  }
  const { graph } = model;
  const { layers } = graph;
  const layerIndex = new Map<object | undefined, number>(layers.map((layer, i) => [layer, i]));
  const place = new Map<SymbolicTensor, [number, number]>();
  graph.inputs.forEach((t, i) => place.set(t, [-1, i]));
  const reference = (value: unknown): Json => {
    if (Array.isArray(value)) return value.map(reference);
    const at = value instanceof SymbolicTensor ? place.get(value) : undefined;
    if (!at) throw refuse('a layer was called with a constant tensor');
    return { from: at };
  };
  const calls = graph.calls.map((call, i) => {
    if (!call.layer || !call.args)
      throw refuse(`ops.${call.label} was used outside a layer; put it into a Layer class`);
    call.outputs.forEach((t, k) => place.set(t, [i, k]));
    const training = call.training === undefined ? {} : { training: call.training };
    return { layer: layerIndex.get(call.layer) as number, args: call.args.map(reference), ...training };
  });
  return {
    className,
    name: model.name,
    trainable: model.trainable,
    inputs: graph.inputs.map((t) => ({ name: t.name, shape: [...t.shape], dtype: t.dtype })),
    layers: layers.map((layer) => {
      const { className } = layer.constructor as typeof Layer;
      if ((layer as Partial<Network>).graph instanceof CallGraph)
        return { className, config: null, model: describe(layer as Layer & Network) };
      if (isImpostor(layer))
        throw refuse(
          `the class of layer '${layer.name}' is called '${className}' as a layer of this package is`,
        );
      if (!isKnown(layer)) throw refuse(`the class of layer '${layer.name}' has no 'static className'`);
      return { className, config: plain(layer, layer.getConfig()) };
    }),
    calls,
    outputs: graph.outputs.map(reference),
  };
}

function describeCompile({ options, optimizer, losses, lossWeights }: Compiled): Json {
  const name = (what: string, config: Record<string, unknown> | undefined, of: string | undefined): Json => {
    if (config === undefined || of === undefined)
      throw refuse(`${what} is a function; save with { includeOptimizer: false }`);
    return { name: of, config: config as Json } as Json;
  };
  const metric = (m: MetricIdentifier): Json => {
    if (typeof m === 'string') return m;
    throw refuse('a metric is not given by its name; save with { includeOptimizer: false }');
  };
  const metrics = (of: Metrics): Json =>
    Array.isArray(of)
      ? of.map(metric)
      : Object.fromEntries(Object.entries(of).map(([output, list]) => [output, [list].flat().map(metric)]));
  return {
    optimizer: { name: optimizer.name, config: optimizer.getConfig() as Json },
    losses: losses.map((loss) => name('the loss', loss.getConfig(), loss.name)),
    lossWeights: [...lossWeights],
    metrics: metrics(options.metrics ?? []),
    weightedMetrics: metrics(options.weightedMetrics ?? []),
  };
}

/**
 * Writes `model` to `path`.
 *
 * @param training - Its training, if it is compiled.
 * @throws {RidgelineError} `ERR_ARGUMENT` naming what cannot be restored, `ERR_IO`.
 */
export function save(
  model: Layer & Network,
  training: Pick<Training, 'compiled' | 'optimizerState' | 'state'> | undefined,
  path: string,
  options: SaveOptions,
): void {
  const { includeOptimizer = true } = checkOptions('save', options, ['includeOptimizer']);
  boolean('includeOptimizer', includeOptimizer);
  if (typeof path !== 'string' || path === '') throw argumentError('path', 'a file name', path);
  const names: string[] = [];
  const variables: NativeVariable[] = [];
  const add = (name: string, variable: NativeVariable): void => {
    names.push(name);
    variables.push(variable);
  };
  const { weights } = model;
  weights.forEach((weight, i) => {
    add(`${i}:${weight.path}`, weight.variable);
  });
  const saved = includeOptimizer ? training : undefined;
  const compile = saved && describeCompile(saved.compiled);
  if (saved && !saved.optimizerState.isEmpty) {
    const index = new Map(weights.map((weight, i) => [weight, i]));
    for (const weight of model.trainableWeights) {
      saved.optimizerState.slots(weight).forEach((slot, k) => {
        add(`optimizer/${k}/${index.get(weight)}`, slot);
      });
    }
  }
  const text = JSON.stringify({
    format: FORMAT,
    model: describe(model),
    frozen: allLayers(model).flatMap((layer, i) => (layer.trainable ? [] : [i])),
    seed: model.randomSeed,
    compile,
    training: saved?.state(),
  });
  guard(() => native.saveCheckpoint(path, names, variables, text));
}
