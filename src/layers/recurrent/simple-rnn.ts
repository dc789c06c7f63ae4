/**
 * SimpleRNN: a recurrent layer without gates (Elman 1990).
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { GivesOne, GivesSeveral } from '../gives.js';
import type { Table } from '../options.js';
import type { Cell } from './cell.js';
import { Recurrent } from './recurrent.js';
import type { OutputAlone, RecurrentInputs, WithStates } from './recurrent-options.js';
import { cell, type RecurrentOptions, shown, units } from './recurrent-options.js';

/** Config of {@link SimpleRNN}. */
export interface SimpleRNNConfig extends RecurrentOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: RecurrentOptions] | [config: SimpleRNNConfig];

/** `h = activation(x·W + h₋·U + b)`. See {@link Recurrent} for shapes. */
export class SimpleRNN extends Recurrent<SimpleRNNConfig, Given> {
  static override readonly className: string = 'SimpleRNN';
  static override readonly options: Table<SimpleRNNConfig> = { units, ...cell, ...shown };
  protected override readonly cell: Cell = { op: 'simpleRnn', gates: 1, states: 1 };
}

/**
 * A simple recurrent layer.
 *
 * @param units - Size of the state and of the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function simpleRnn(
  units: number,
  options?: RecurrentOptions & OutputAlone,
): GivesOne<SimpleRNN, RecurrentInputs>;
export function simpleRnn(
  units: number,
  options: RecurrentOptions & WithStates,
): GivesSeveral<SimpleRNN, RecurrentInputs, [output: SymbolicTensor, state: SymbolicTensor]>;
export function simpleRnn(units: number, options?: RecurrentOptions): SimpleRNN;
export function simpleRnn(config: SimpleRNNConfig): SimpleRNN;
export function simpleRnn(...given: unknown[]): SimpleRNN {
  return new SimpleRNN(...(given as Given));
}
