/**
 * Classes of one's own in layers: what has to be known by name where a layer is made again from its config.
 */
import { isTaken } from '../core/registry.js';
import type { Layer } from './layer.js';

/** The layers of a model or layer and those inside them, each before what is inside it. */
export function allLayers(of: { readonly layers: readonly Layer[] }): Layer[] {
  return of.layers.flatMap((layer) => [layer, ...allLayers(layer)]);
}

type Named = readonly [name: string, of: unknown];

/** The classes of regularizers, constraints and the like among options, those of weights too, by the names in their configs. */
function partsOf(options: object): Named[] {
  return Object.values(options).flatMap((value: unknown): Named[] => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
    const { getConfig } = value as { getConfig?: unknown };
    const isPlain = value.constructor === Object;
    if (typeof getConfig !== 'function') return isPlain ? partsOf(value) : [];
    const name = (getConfig.call(value) as { name?: unknown } | undefined)?.name;
    return typeof name === 'string' && !isTaken(name) && !isPlain ? [[name, value.constructor]] : [];
  });
}

/** The classes of one's own of a layer, of those inside it and of what their options hold, by name. */
export function ownClasses(layer: Layer): Record<string, unknown> {
  const all = [...allLayers(layer), layer];
  const classes = all.map((of): Named => [(of.constructor as typeof Layer).className, of.constructor]);
  const own = classes.filter(([name]) => !isTaken(name));
  return Object.fromEntries([...all.flatMap(({ options }) => partsOf(options as object)), ...own]);
}
