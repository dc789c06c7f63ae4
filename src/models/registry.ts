/**
 * Layer classes by the names under which models save them.
 */

import { RidgelineError } from '../errors.js';
import * as builtin from '../layers/index.js';
import { Layer } from '../layers/layer.js';

/** A layer class that a config makes an instance of. */
export type LayerClass = (new (config: never) => Layer) & { readonly className: string };

const CLASSES = new Map<string, LayerClass>(
  Object.values(builtin)
    .filter((value): value is LayerClass => typeof value === 'function' && value.prototype instanceof Layer)
    .map((value) => [value.className, value]),
);

/**
 * The class called `name`, among own classes first.
 * @throws {RidgelineError} `ERR_ARGUMENT` when there is none.
 */
export function layerClass(name: string, own: readonly LayerClass[]): LayerClass {
  const found = own.find((c) => c.className === name) ?? CLASSES.get(name);
  if (found) return found;
  throw new RidgelineError(
    'ERR_ARGUMENT',
    `the model has a layer of class '${name}'; pass it: loadModel(path, { layers: [${name}] })`,
    {
      argument: 'layers',
      received: name,
    },
  );
}

/** True if the class of `layer` is called as another one of this package. */
export function isImpostor(layer: Layer): boolean {
  const builtin = CLASSES.get((layer.constructor as typeof Layer).className);
  return builtin !== undefined && builtin !== (layer.constructor as unknown);
}

/** True if `layer` can be made again by its class's name. */
export function isKnown(layer: Layer): boolean {
  const { className } = layer.constructor as typeof Layer;
  return (
    CLASSES.get(className) === (layer.constructor as unknown) || Object.hasOwn(layer.constructor, 'className')
  );
}
