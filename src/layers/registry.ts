/**
 * Layer classes by the names under which models save them.
 */
import { resolveReferences } from '../core/custom.js';
import { Registry } from '../core/registry.js';
import { RidgelineError } from '../errors.js';
import * as builtin from './index.js';
import { referredLayer } from './inner-layer.js';
import { Layer } from './layer.js';

/** A layer class that a config makes an instance of. */
export type LayerClass = (new (config: never) => Layer) & { readonly className: string };

const CLASSES = new Map(
  Object.values<unknown>(builtin)
    .filter((of): of is LayerClass => typeof of === 'function' && of.prototype instanceof Layer)
    .map((of) => [of.className, of]),
);

/** Layer classes by name. */
export const layerRegistry: Registry<Layer> = new Registry<Layer>({
  noun: 'layer class',
  expected: 'a layer or its class name',
  factories: Object.fromEntries(
    [...CLASSES].map(([name, of]) => [name, (config) => new of(config as never)]),
  ),
  isReady: (of) => of instanceof Layer,
});

/**
 * A saved layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` when no class is called so.
 */
export function restoreLayer({ className, config }: { className: string; config: unknown }): Layer {
  const make = layerRegistry.find(className);
  if (make) return make(resolveReferences(config, referredLayer));
  throw new RidgelineError(
    'ERR_ARGUMENT',
    `the model has a layer of class '${className}'; pass it: loadModel(path, { layers: [${className}] })`,
    { argument: 'layers', received: className },
  );
}

/** True if the class of `layer` is called as another one of this package. */
export function isImpostor(layer: Layer): boolean {
  const known = CLASSES.get((layer.constructor as typeof Layer).className);
  return known !== undefined && known !== (layer.constructor as unknown);
}

/** True if the class of `layer` is one of this package. */
export function isBuiltin(layer: Layer): boolean {
  const { className } = layer.constructor as typeof Layer;
  return CLASSES.get(className) === (layer.constructor as unknown);
}

/** True if `layer` can be made again by its class's name. */
export function isKnown(layer: Layer): boolean {
  return isBuiltin(layer) || Object.hasOwn(layer.constructor, 'className');
}
