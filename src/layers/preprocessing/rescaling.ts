/**
 * Rescaling: brings data into another range, such as pixels into [0, 1].
 */
import * as check from '../../core/check.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { type Tensor, tensor } from '../../core/tensor.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, list, option, type Table } from '../options.js';

/** Options of {@link Rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** Added after scaling: one number, or one for each index along the last axis. Default 0. */
  readonly offset?: number | readonly number[] | undefined;
}

/** Config of {@link Rescaling}. */
export interface RescalingConfig extends RescalingOptions {
  /** The factor: one number, or one for each index along the last axis. */
  readonly scale: number | readonly number[];
}

type Given = [scale: RescalingConfig['scale'], options?: RescalingOptions] | [config: RescalingConfig];

const numbers = list<number>('a number or a list of numbers', check.isFloat);

function factors(argument: string, given: unknown): number | readonly number[] {
  if (!Array.isArray(given)) return check.number(argument, given);
  if (given.length === 0) throw argumentError(argument, 'a number or a list of numbers', given);
  return numbers.read(argument, given);
}

/** One number, or one for each index along the last axis, as float32. */
const operand = (given: number | readonly number[]): number | Tensor =>
  typeof given === 'number' ? given : tensor(Float32Array.from(given));

/** `x·scale + offset`. Input and output have one shape. */
export class Rescaling extends Layer<RescalingConfig, Given> {
  static override readonly className: string = 'Rescaling';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<RescalingConfig> = {
    scale: option(factors),
    offset: option(factors, 0),
  };

  override call(x: SymbolicTensor): SymbolicTensor {
    const { scale, offset } = this.options;
    const values = x.dtype === 'float32' ? x : ops.cast(x, 'float32');
    return ops.add(ops.mul(values, operand(scale)), operand(offset));
  }
}

/**
 * A rescaling layer.
 * @param scale - The factor, or one for each index along the last axis.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function rescaling(scale: RescalingConfig['scale'], options?: RescalingOptions): Rescaling;
export function rescaling(config: RescalingConfig): Rescaling;
export function rescaling(...given: unknown[]): Rescaling {
  return new Rescaling(...(given as Given));
}
