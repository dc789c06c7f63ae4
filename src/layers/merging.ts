/**
 * Layers that merge several tensors: Add, Concatenate.
 */
import { options as checkOptions, integer } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import { argumentError } from '../errors.js';
import * as ops from '../ops/index.js';
import { LAYER_OPTIONS, Layer, type LayerOptions } from './layer.js';

function several(layer: string, inputs: unknown): SymbolicTensor[] {
  if (Array.isArray(inputs) && inputs.length >= 1) return inputs as SymbolicTensor[];
  throw argumentError('inputs', `a list of tensors for layer '${layer}'`, inputs);
}

/** The sum of a list of tensors, with broadcasting; axes that one lacks are added behind its batch, as in Keras. */
export class Add extends Layer {
  static override readonly className: string = 'Add';

  constructor(config: LayerOptions = {}) {
    super(config);
    checkOptions('add', config, LAYER_OPTIONS);
  }
  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const tensors = several(this.name, inputs);
    const rank = Math.max(...tensors.map((t) => t.rank));
    const wide = (t: SymbolicTensor): SymbolicTensor => {
      if (t.rank === rank) return t;
      const units = Array.from({ length: rank - t.rank }, () => 1);
      return ops.reshape(t, [null, ...units, ...t.shape.slice(1).map((size) => size ?? -1)]);
    };
    return tensors.map(wide).reduce((a, b) => ops.add(a, b));
  }
}

/** Options of {@link Concatenate}. */
export interface ConcatenateOptions extends LayerOptions {
  /** Axis to join along. Default −1. */
  readonly axis?: number | undefined;
}

/** A list of tensors one after the other along an axis. */
export class Concatenate extends Layer {
  static override readonly className: string = 'Concatenate';
  readonly axis: number;

  constructor(config: ConcatenateOptions = {}) {
    super(config);
    checkOptions('concatenate', config, [...LAYER_OPTIONS, 'axis']);
    this.axis = integer('axis', config.axis ?? -1, Number.MIN_SAFE_INTEGER);
  }
  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    return ops.concat(several(this.name, inputs), this.axis);
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), axis: this.axis };
  }
}

type Many = readonly SymbolicTensor[] | readonly Tensor[];

/** An add layer, or the sum of tensors. */
export function add(options?: LayerOptions): Add;
export function add(inputs: readonly SymbolicTensor[]): SymbolicTensor;
export function add(of?: LayerOptions | Many): Add | SymbolicTensor {
  return Array.isArray(of) ? new Add()(of as SymbolicTensor[]) : new Add(of as LayerOptions);
}

/** A concatenate layer, or tensors joined along the last axis. */
export function concatenate(options?: ConcatenateOptions): Concatenate;
export function concatenate(inputs: readonly SymbolicTensor[], options?: ConcatenateOptions): SymbolicTensor;
export function concatenate(
  of?: ConcatenateOptions | Many,
  options?: ConcatenateOptions,
): Concatenate | SymbolicTensor {
  return Array.isArray(of)
    ? new Concatenate(options)(of as SymbolicTensor[])
    : new Concatenate(of as ConcatenateOptions);
}
