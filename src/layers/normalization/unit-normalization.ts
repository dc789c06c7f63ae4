/**
 * Unit normalization: vectors of length one.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import { axes, type LayerOptions, type Table } from '../options.js';

/** Options of {@link UnitNormalization}. */
export interface UnitNormalizationOptions extends LayerOptions {
  /** Axis or axes of the vectors. Default −1. */
  readonly axis?: number | readonly number[] | undefined;
}

/** The shortest length that is divided by. */
const EPSILON = 1e-12;

/** `x / √Σx²` over `axis`; zeros stay zeros. Input and output have one shape. */
export class UnitNormalization extends Layer<UnitNormalizationOptions> {
  static override readonly className: string = 'UnitNormalization';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<UnitNormalizationOptions> = { axis: axes(-1) };

  override call(x: SymbolicTensor): SymbolicTensor {
    return ops.normalize(x, { axis: this.options.axis, epsilon: EPSILON });
  }
}

/**
 * A unit normalization layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const unitNormalization = (options?: UnitNormalizationOptions): UnitNormalization =>
  new UnitNormalization(options);
