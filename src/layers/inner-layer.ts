/**
 * Layers as options of layers: what wraps another one.
 */
import { isPlain } from '../core/check.js';
import { type Option, option } from '../core/options.js';
import { argumentError } from '../errors.js';
import { Layer } from './layer.js';
import { type Numbered, type SharedLayer, SharedLayers } from './shared-layers.js';

/** A layer as it is saved; a model with what it computes. */
export interface SavedInnerLayer {
  readonly className: string;
  readonly config: unknown;
  /** False if its name is one that it got among others. */
  readonly named?: false | undefined;
  readonly model?: unknown;
}

/** A layer in the config of a layer of one's own. */
interface LayerReference {
  readonly $layer: Numbered<SavedInnerLayer> | SharedLayer;
}

/** Writes a model, if the layer is one; saving says how. */
let describeModel: ((layer: Layer) => SavedInnerLayer | undefined) | undefined;
/** Makes a saved layer again; loading says how, which knows all layers and so none may know. */
let restore: ((saved: SavedInnerLayer) => Layer) | undefined;

/** Says how models in layers are written. */
export function describesModels(by: (layer: Layer) => SavedInnerLayer | undefined): void {
  describeModel = by;
}

/** Says how layers are made again. */
export function restoresLayers(by: (saved: SavedInnerLayer) => Layer): void {
  restore = by;
}

const isShared = (given: unknown): given is SharedLayer => isPlain(given) && typeof given.shared === 'number';

const isSaved = (given: unknown): given is Numbered<SavedInnerLayer> =>
  isPlain(given) && typeof given.className === 'string' && 'config' in given;

const described = (layer: Layer): Numbered<SavedInnerLayer> | SharedLayer =>
  SharedLayers.current.described(layer, () => describeModel?.(layer) ?? layer.toJSON());

/** What stands for a layer in the config of a layer of one's own. */
export const layerReference = (value: unknown): LayerReference | undefined =>
  value instanceof Layer ? { $layer: described(value) } : undefined;

/** The layer that such a reference stands for. */
export function referredLayer(saved: object): Layer | undefined {
  const { $layer: of } = saved as Partial<LayerReference>;
  return restore && (isSaved(of) || isShared(of)) ? SharedLayers.current.restored(of, restore) : undefined;
}

/** A layer that must be given; it is saved with its class and config. */
export const innerLayer: Option<Layer, true> = option(
  (argument, given): Layer => {
    if (given instanceof Layer) return given;
    if (restore && (isSaved(given) || isShared(given))) return SharedLayers.current.restored(given, restore);
    throw argumentError(argument, 'a layer', given);
  },
  undefined,
  described,
);
