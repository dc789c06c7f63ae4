/**
 * Layers as options of layers: what wraps another one.
 */
import { isPlain } from '../core/check.js';
import { type Option, option } from '../core/options.js';
import { argumentError } from '../errors.js';
import { Layer } from './layer.js';
import { type SharedLayer, SharedLayers } from './shared-layers.js';

/** A layer as it is saved. */
interface SavedLayer {
  readonly className: string;
  readonly config: unknown;
}

/** Makes a saved layer again; the registry says how, which knows all layers and so none may know. */
let restore: ((saved: SavedLayer) => Layer) | undefined;

/** Says how layers are made again. */
export function restoresLayers(by: (saved: SavedLayer) => Layer): void {
  restore = by;
}

const isShared = (given: unknown): given is SharedLayer => isPlain(given) && typeof given.shared === 'number';

const isSaved = (given: unknown): given is SavedLayer =>
  isPlain(given) && typeof given.className === 'string' && 'config' in given;

/** A layer that must be given; it is saved with its class and config. */
export const innerLayer: Option<Layer, true> = option(
  (argument, given): Layer => {
    if (given instanceof Layer) return given;
    if (restore && (isSaved(given) || isShared(given))) return SharedLayers.current.restored(given, restore);
    throw argumentError(argument, 'a layer', given);
  },
  undefined,
  (layer) => SharedLayers.current.described(layer, () => layer.toJSON()),
);
