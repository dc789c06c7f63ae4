/**
 * Rescaling: brings data into another range, such as pixels into [0, 1].
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { type LayerOptions, number, type Table } from '../options.js';

/** Options of {@link Rescaling}. */
export interface RescalingOptions extends LayerOptions {
  /** Added after scaling. Default 0. */
  readonly offset?: number | undefined;
}

/** Config of {@link Rescaling}. */
export interface RescalingConfig extends RescalingOptions {
  /** The factor. */
  readonly scale: number;
}

type Given = [scale: number, options?: RescalingOptions] | [config: RescalingConfig];

/** `x·scale + offset`. Input and output have one shape. */
export class Rescaling extends Layer<RescalingConfig, Given> {
  static override readonly className: string = 'Rescaling';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<RescalingConfig> = { scale: number(), offset: number(0) };

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.add(ops.mul(x, this.options.scale), this.options.offset);
  }
}

/**
 * A rescaling layer.
 * @param scale - The factor.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function rescaling(scale: number, options?: RescalingOptions): Rescaling;
export function rescaling(config: RescalingConfig): Rescaling;
export function rescaling(...given: unknown[]): Rescaling {
  return new Rescaling(...(given as Given));
}
