/**
 * GRUCell: one step of a GRU.
 */
import { boolean, type Table } from '../options.js';
import type { WeightOptions } from '../weights.js';
import type { Cell } from './cell.js';
import { RecurrentCell } from './recurrent-cell.js';
import { type CellOptions, cell, type GateOptions, gates, units } from './recurrent-options.js';

/** Options of {@link GRUCell}. */
export interface GRUCellOptions extends CellOptions, GateOptions {
  /** Resets the state behind its product rather than before it; then there are two biases. Default true. */
  readonly resetAfter?: boolean | undefined;
}

/** Config of {@link GRUCell}. */
export interface GRUCellConfig extends GRUCellOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: GRUCellOptions] | [config: GRUCellConfig];

/** The cell of {@link GRU}; see {@link RecurrentCell} for what it is called with. */
export class GRUCell extends RecurrentCell<GRUCellConfig, Given> {
  static override readonly className: string = 'GRUCell';
  static override readonly options: Table<GRUCellConfig> = {
    units,
    ...cell,
    ...gates,
    resetAfter: boolean(true),
  };

  protected override get cell(): Cell {
    return { op: 'gru', gates: 3, states: 1, attributes: { resetAfter: this.options.resetAfter } };
  }

  protected override bias(units: number): WeightOptions {
    const one = super.bias(units);
    return this.options.resetAfter ? { ...one, shape: [2, ...one.shape] } : one;
  }
}

/**
 * The cell of a GRU.
 *
 * @param units - Size of the state and of the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function gruCell(units: number, options?: GRUCellOptions): GRUCell;
export function gruCell(config: GRUCellConfig): GRUCell;
export function gruCell(...given: unknown[]): GRUCell {
  return new GRUCell(...(given as Given));
}
