/**
 * An initializer of parts: what a vector begins with, piece by piece.
 */
import { guard, type NativeVariable, native } from '../native.js';
import type { Initializer } from './initializer.js';

/** Begins a vector with the values of several initializers, one after the other. */
export class Concatenated implements Initializer {
  readonly #parts: readonly (readonly [of: Initializer, size: number])[];

  constructor(parts: readonly (readonly [of: Initializer, size: number])[]) {
    this.#parts = parts;
  }

  /** @internal It is part of a layer, never of a config. */
  getConfig(): { name: string } {
    return { name: 'concatenated' };
  }

  /** @internal */
  create(name: string, shape: number[], { seed, stream }: { seed: number; stream: number }): NativeVariable {
    const values = this.#parts.flatMap(([of, size], i) => {
      // A seed for each part: those of one stream would begin alike.
      const part = of.create(name, [size], { seed: seed + i, stream });
      return [...(guard(() => part.read()).data as Float32Array)];
    });
    const all = native.NativeVariable.zeros(name, shape);
    all.write(Float32Array.from(values), shape);
    return all;
  }
}
