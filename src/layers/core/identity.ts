/**
 * Identity: what goes in comes out.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';

/** The input itself: a place for a name or a penalty. */
export class Identity extends Layer {
  static override readonly className: string = 'Identity';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<LayerOptions> = {};

  override call(x: SymbolicTensor): SymbolicTensor {
    return x;
  }
}

/**
 * An identity layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const identity = (options?: LayerOptions): Identity => new Identity(options);
