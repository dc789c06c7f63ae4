/**
 * GRU: gated recurrent unit (Cho et al. 2014).
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { GivesOne, GivesSeveral } from '../gives.js';
import { boolean, type Table } from '../options.js';
import type { WeightOptions } from '../weights.js';
import type { Cell } from './cell.js';
import { Recurrent } from './recurrent.js';
import type { OutputAlone, RecurrentInputs, WithStates } from './recurrent-options.js';
import { cell, type GatedOptions, gates, shown, units } from './recurrent-options.js';

/** Options of {@link GRU}. */
export interface GRUOptions extends GatedOptions {
  /** Resets the state behind its product rather than before it; then there are two biases. Default true. */
  readonly resetAfter?: boolean | undefined;
}

/** Config of {@link GRU}. */
export interface GRUConfig extends GRUOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: GRUOptions] | [config: GRUConfig];

/**
 * With the gates z, r and the candidate in this order along the kernels: `h = z·h₋ + (1 − z)·activation(candidate)`. With
 * `resetAfter` the bias is `[2, 3·units]`, for the input and for the state. See {@link Recurrent} for shapes.
 */
export class GRU extends Recurrent<GRUConfig, Given> {
  static override readonly className: string = 'GRU';
  static override readonly options: Table<GRUConfig> = {
    units,
    ...cell,
    ...gates,
    ...shown,
    resetAfter: boolean(true),
  };

  protected override get cell(): Cell {
    const { resetAfter } = this.options;
    return { op: 'gru', gates: 3, states: 1, attributes: { resetAfter } };
  }

  protected override bias(units: number): WeightOptions {
    const one = super.bias(units);
    return this.options.resetAfter ? { ...one, shape: [2, ...one.shape] } : one;
  }
}

/**
 * A GRU layer.
 *
 * @param units - Size of the state and of the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function gru(units: number, options?: GRUOptions & OutputAlone): GivesOne<GRU, RecurrentInputs>;
export function gru(
  units: number,
  options: GRUOptions & WithStates,
): GivesSeveral<GRU, RecurrentInputs, [output: SymbolicTensor, state: SymbolicTensor]>;
export function gru(units: number, options?: GRUOptions): GRU;
export function gru(config: GRUConfig): GRU;
export function gru(...given: unknown[]): GRU {
  return new GRU(...(given as Given));
}
