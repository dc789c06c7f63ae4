/**
 * SimpleRNNCell: one step of a simple recurrent layer.
 */
import type { Table } from '../options.js';
import type { Cell } from './cell.js';
import { RecurrentCell } from './recurrent-cell.js';
import { type CellOptions, cell, units } from './recurrent-options.js';

/** Config of {@link SimpleRNNCell}. */
export interface SimpleRNNCellConfig extends CellOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: CellOptions] | [config: SimpleRNNCellConfig];

/** The cell of {@link SimpleRNN}; see {@link RecurrentCell} for what it is called with. */
export class SimpleRNNCell extends RecurrentCell<SimpleRNNCellConfig, Given> {
  static override readonly className: string = 'SimpleRNNCell';
  static override readonly options: Table<SimpleRNNCellConfig> = { units, ...cell };
  protected override readonly cell: Cell = { op: 'simpleRnn', gates: 1, states: 1 };
}

/**
 * The cell of a simple recurrent layer.
 *
 * @param units - Size of the state and of the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function simpleRnnCell(units: number, options?: CellOptions): SimpleRNNCell;
export function simpleRnnCell(config: SimpleRNNCellConfig): SimpleRNNCell;
export function simpleRnnCell(...given: unknown[]): SimpleRNNCell {
  return new SimpleRNNCell(...(given as Given));
}
