/**
 * Layers of one file by number, in the order in which they are described: one that comes again is written as its number,
 * and comes back as itself. As Keras' `SharedObjectSavingScope`.
 */
import type { Layer } from './layer.js';

/** A layer that came before, in a file. */
export interface SharedLayer {
  readonly shared: number;
}

let current: SharedLayers | undefined;

/** See the module documentation. */
export class SharedLayers {
  readonly #layers: (Layer | undefined)[] = [];
  readonly #numbers = new Map<Layer, number>();

  /** Those of the file that is being written or read, or none. */
  static get current(): SharedLayers {
    return current ?? new SharedLayers();
  }

  /** Writes or reads a file with numbers of its own. */
  static within<T>(work: () => T): T {
    const outer = current;
    current = new SharedLayers();
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  /** The number of a layer that came before, or what `describe` gives. */
  described<T>(layer: Layer, describe: () => T): T | SharedLayer {
    const shared = this.#numbers.get(layer);
    if (shared !== undefined) return { shared };
    this.#numbers.set(layer, this.#numbers.size);
    return describe();
  }

  /** The layer that came before, or what `restore` gives. */
  restored<T extends object>(saved: T | SharedLayer, restore: (saved: T) => Layer): Layer {
    if ('shared' in saved) {
      const layer = this.#layers[saved.shared];
      if (layer) return layer;
      throw new RangeError(`there is no layer ${saved.shared} before`);
    }
    const number = this.#layers.push(undefined) - 1;
    const layer = restore(saved);
    this.#layers[number] = layer;
    return layer;
  }
}
