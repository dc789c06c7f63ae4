/**
 * Golden vectors: what Keras computed, in `test/golden/`, and arrays as tensors.
 */
import { readFileSync } from 'node:fs';
import {
  type DType,
  type Layer,
  layers,
  losses,
  type Model,
  optimizers,
  Sequential,
  type Tensor,
  tensor,
} from 'ridgeline';

/** An array as the files hold it. */
export interface Golden {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly number[];
}

/** An array with the name of its weight. */
export interface GoldenWeight extends Golden {
  readonly name: string;
}

/** A layer, as its factory and the options. */
export interface GoldenLayer {
  readonly layer: string;
  readonly config: Record<string, unknown>;
}

/** Options of something with a name. */
export type Named = { readonly name: string } & Record<string, unknown>;

/** The contents of `test/golden/<name>.json`. */
export function golden<T extends object>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8')) as T;
}

/** An array as a tensor. */
export function tensorOf({ shape, dtype, data }: Golden): Tensor {
  const values = dtype === 'int32' ? Int32Array.from(data) : Float32Array.from(data);
  return tensor(values, { shape, dtype });
}

/** Calls the export of `module` that is called `name`. */
export function make<T>(module: object, name: string, ...config: unknown[]): T {
  return (module as Record<string, (...config: unknown[]) => T>)[name]!(...config);
}

/** A layer of the library. */
export function layerOf({ layer, config }: GoldenLayer): Layer {
  return make(layers, layer, config);
}

/** What a model is compiled with. */
export interface GoldenCompile {
  readonly inputShape: readonly number[];
  readonly layers: readonly GoldenLayer[];
  readonly loss: string | Named;
  readonly optimizer: Named;
  readonly metrics?: readonly string[];
  readonly weightedMetrics?: readonly string[];
  readonly initialWeights: readonly Golden[];
}

/** A compiled model with the given weights; its logs are typed as if it had no metrics. */
export function modelOf(of: GoldenCompile): Model<never> {
  const model = new Sequential<never>([layers.input(of.inputShape), ...of.layers.map(layerOf)]);
  const { name: lossName, ...loss } = typeof of.loss === 'string' ? { name: of.loss } : of.loss;
  const { name: optimizerName, ...optimizer } = of.optimizer;
  model.compile({
    optimizer: make(optimizers, optimizerName, optimizer),
    loss:
      Object.keys(loss).length > 0
        ? make<losses.Loss>(losses, lossName, loss)
        : make<losses.Loss>(losses, lossName),
    metrics: (of.metrics ?? []) as never,
    weightedMetrics: (of.weightedMetrics ?? []) as never,
  });
  model.setWeights(of.initialWeights.map(tensorOf));
  return model;
}
