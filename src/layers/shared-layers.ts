/**
 * Layers of one file by number: one that comes again is written as its number, and comes back as itself. As Keras'
 * `SharedObjectSavingScope`.
 */
import type { Layer } from './layer.js';

/** A layer that stands elsewhere in a file. */
export interface SharedLayer {
  readonly shared: number;
}

/** What of a layer stands in a file, with its number there. */
export type Numbered<T> = T & { readonly number?: number };

let current: SharedLayers | undefined;

/** See the module documentation. */
export class SharedLayers {
  readonly #layers = new Map<number, Layer>();
  readonly #numbers = new Map<Layer, number>();

  /** Those of the file that is being written or read; elsewhere none have numbers. */
  static get current(): SharedLayers {
    return current ?? new SharedLayers();
  }

  /** Writes or reads a file with numbers of its own. */
  static within<T>(work: () => T): T {
    return new SharedLayers().#with(work);
  }

  /** Reads part of a file that is being written: layers that are written already stand for themselves. */
  rehearse<T>(work: () => T): T {
    const rehearsal = new SharedLayers();
    for (const [layer, number] of this.#numbers) rehearsal.#layers.set(number, layer);
    return rehearsal.#with(work);
  }

  #with<T>(work: () => T): T {
    const outer = current;
    current = this;
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  /** The number of a layer that came before, or what `describe` gives. */
  described<T extends object>(layer: Layer, describe: () => T): Numbered<T> | SharedLayer {
    const shared = this.#numbers.get(layer);
    if (shared !== undefined) return { shared };
    const number = this.#numbers.size;
    this.#numbers.set(layer, number);
    return current === this ? { ...describe(), number } : describe();
  }

  /** The layer that came before, or what `restore` gives. */
  restored<T extends object>(saved: Numbered<T> | SharedLayer, restore: (saved: T) => Layer): Layer {
    if ('shared' in saved) {
      const layer = this.#layers.get(saved.shared);
      if (layer) return layer;
      throw new RangeError(`there is no layer ${saved.shared} before`);
    }
    const layer = restore(saved);
    if (saved.number !== undefined) this.#layers.set(saved.number, layer);
    return layer;
  }
}
