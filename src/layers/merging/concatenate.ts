/**
 * Concatenate: several tensors one after the other, as in skip connections.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { along } from '../../ops/masks.js';
import { Layer } from '../layer.js';
import { axis, type LayerOptions, type Table } from '../options.js';
import { several } from './several.js';

/** Options of {@link Concatenate}. */
export interface ConcatenateOptions extends LayerOptions {
  /** Axis to join along. Default −1. */
  readonly axis?: number | undefined;
}

/** A list of tensors one after the other along an axis, in which alone their shapes may differ. */
export class Concatenate extends Layer<ConcatenateOptions> {
  static override readonly className: string = 'Concatenate';
  static override readonly options: Table<ConcatenateOptions> = { axis: axis(-1) };

  /** The masks joined as the inputs are; where features are joined, what counts in any of them. */
  override computeMask(inputs: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    if (inputs.every(({ mask }) => mask === undefined)) return undefined;
    const whole = inputs.map((x) => {
      const all = ops.equal(ops.zerosLike(x), 0);
      return x.mask ? ops.logicalAnd(all, along(x.mask, x)) : all;
    });
    const joined = ops.cast(ops.concat(whole, this.options.axis), 'float32');
    return ops.greater(ops.max(joined, { axis: -1 }), 0);
  }

  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    return ops.concat(several(this.name, inputs), this.options.axis);
  }
}

/**
 * A concatenate layer, or tensors joined along an axis.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or no tensors, `ERR_SHAPE` when shapes do not fit.
 */
export function concatenate(options?: ConcatenateOptions): Concatenate;
export function concatenate(inputs: readonly SymbolicTensor[], options?: ConcatenateOptions): SymbolicTensor;
export function concatenate(
  of?: ConcatenateOptions | readonly SymbolicTensor[] | readonly Tensor[],
  options?: ConcatenateOptions,
): Concatenate | SymbolicTensor {
  return Array.isArray(of)
    ? new Concatenate(options)(of as SymbolicTensor[])
    : new Concatenate(of as ConcatenateOptions);
}
