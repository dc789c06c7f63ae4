/**
 * Layers that change the shape alone: Flatten, Reshape.
 */
import { options as checkOptions } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { LAYER_OPTIONS, Layer, type LayerOptions, merge } from './layer.js';

/** Merges all axes behind the batch: `[batch, a, b]` becomes `[batch, a·b]`, `[batch]` becomes `[batch, 1]`. */
export class Flatten extends Layer {
  static override readonly className: string = 'Flatten';

  constructor(config: LayerOptions = {}) {
    super(config);
    checkOptions('flatten', config, LAYER_OPTIONS);
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.reshape(x, [null, -1]);
  }
}

/** A flatten layer. */
export const flatten = (options?: LayerOptions): Flatten => new Flatten(options);

/** Config of {@link Reshape}. */
export interface ReshapeConfig extends LayerOptions {
  /** Sizes behind the batch; one may be −1. */
  readonly targetShape: readonly number[];
}

/** Gives each sample another shape. */
export class Reshape extends Layer {
  static override readonly className: string = 'Reshape';
  readonly targetShape: readonly number[];

  constructor(given: ReshapeConfig) {
    super(given);
    const config = checkOptions('reshape', given, [...LAYER_OPTIONS, 'targetShape']);
    const { targetShape } = config;
    const bad = (d: number): boolean => !Number.isInteger(d) || d < -1 || d === 0;
    if (
      !Array.isArray(targetShape) ||
      targetShape.some(bad) ||
      targetShape.filter((d) => d === -1).length > 1
    ) {
      throw argumentError('targetShape', 'a list of sizes, one of which may be -1', targetShape);
    }
    this.targetShape = [...targetShape];
  }
  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.reshape(x, [null, ...this.targetShape]);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), targetShape: this.targetShape };
  }
}

/** A reshape layer; sizes are without the batch. */
export function reshape(targetShape: readonly number[] | ReshapeConfig, options?: LayerOptions): Reshape {
  const config = Array.isArray(targetShape)
    ? { ...options, targetShape }
    : merge<ReshapeConfig>({ targetShape }, options);
  return new Reshape(config as ReshapeConfig);
}
