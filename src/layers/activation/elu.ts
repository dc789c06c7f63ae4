/**
 * ELU (Clevert et al. 2016): smooth below 0, where it tends to −alpha.
 */
import * as activations from '../../activations/index.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Layer } from '../layer.js';
import { type LayerOptions, number, type Table } from '../options.js';

/** Options of {@link ELU}. */
export interface ELUOptions extends LayerOptions {
  /** Scale below 0. Default 1. */
  readonly alpha?: number | undefined;
}

/** `x` above 0, `alpha·(eˣ − 1)` below. Input and output have one shape. */
export class ELU extends Layer<ELUOptions> {
  static override readonly className: string = 'ELU';
  static override readonly supportsMasking: boolean = true;
  static override readonly takesOne: boolean = true;
  static override readonly options: Table<ELUOptions> = { alpha: number(1) };

  override call(x: SymbolicTensor): SymbolicTensor {
    return activations.elu(x, this.options);
  }
}

/**
 * An ELU layer.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const elu = (options?: ELUOptions): ELU => new ELU(options);
