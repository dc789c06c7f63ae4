/**
 * LSTMCell: one step of an LSTM, with the states h and c.
 */
import { boolean, type Table } from '../options.js';
import type { WeightOptions } from '../weights.js';
import type { Cell } from './cell.js';
import { forgetBias } from './forget-bias.js';
import { RecurrentCell } from './recurrent-cell.js';
import { type CellOptions, cell, type GateOptions, gates, units } from './recurrent-options.js';

/** Options of {@link LSTMCell}. */
export interface LSTMCellOptions extends CellOptions, GateOptions {
  /** The bias of the forget gate begins with 1. Default true. */
  readonly unitForgetBias?: boolean | undefined;
}

/** Config of {@link LSTMCell}. */
export interface LSTMCellConfig extends LSTMCellOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: LSTMCellOptions] | [config: LSTMCellConfig];

/** The cell of {@link LSTM}; see {@link RecurrentCell} for what it is called with. */
export class LSTMCell extends RecurrentCell<LSTMCellConfig, Given> {
  static override readonly className: string = 'LSTMCell';
  static override readonly options: Table<LSTMCellConfig> = {
    units,
    ...cell,
    ...gates,
    unitForgetBias: boolean(true),
  };
  protected override readonly cell: Cell = { op: 'lstm', gates: 4, states: 2 };

  protected override bias(units: number): WeightOptions {
    const { bias, unitForgetBias } = this.options;
    return unitForgetBias ? forgetBias(units, bias) : super.bias(units);
  }
}

/**
 * The cell of an LSTM, with the states h and c.
 *
 * @param units - Size of the state and of the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function lstmCell(units: number, options?: LSTMCellOptions): LSTMCell;
export function lstmCell(config: LSTMCellConfig): LSTMCell;
export function lstmCell(...given: unknown[]): LSTMCell {
  return new LSTMCell(...(given as Given));
}
