/**
 * LSTM: long short-term memory (Hochreiter & Schmidhuber 1997).
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { GivesOne, GivesSeveral } from '../gives.js';
import { boolean, type Table } from '../options.js';
import type { WeightOptions } from '../weights.js';
import type { Cell } from './cell.js';
import { forgetBias } from './forget-bias.js';
import { Recurrent } from './recurrent.js';
import type { OutputAlone, RecurrentInputs, WithStates } from './recurrent-options.js';
import { cell, type GatedOptions, gates, shown, units } from './recurrent-options.js';

/** Options of {@link LSTM}. */
export interface LSTMOptions extends GatedOptions {
  /** The bias of the forget gate begins with 1. Default true. */
  readonly unitForgetBias?: boolean | undefined;
}

/** Config of {@link LSTM}. */
export interface LSTMConfig extends LSTMOptions {
  /** Size of the state and of the output. */
  readonly units: number;
}

type Given = [units: number, options?: LSTMOptions] | [config: LSTMConfig];

/**
 * With the gates i, f, g, o in this order along the kernels: `c = f·c₋ + i·activation(g)`, `h = o·activation(c)`. The states
 * are h and c. See {@link Recurrent} for shapes.
 */
export class LSTM extends Recurrent<LSTMConfig, Given> {
  static override readonly className: string = 'LSTM';
  static override readonly options: Table<LSTMConfig> = {
    units,
    ...cell,
    ...gates,
    ...shown,
    unitForgetBias: boolean(true),
  };
  protected override readonly cell: Cell = { op: 'lstm', gates: 4, states: 2 };

  protected override bias(units: number): WeightOptions {
    const { bias, unitForgetBias } = this.options;
    return unitForgetBias ? forgetBias(units, bias) : super.bias(units);
  }
}

/**
 * An LSTM layer.
 *
 * @param units - Size of the state and of the output.
 * @example
 * ```ts
 * layers.lstm(64, { dropout: 0.2, recurrentDropout: 0.2, kernelRegularizer: regularizers.l2(0.001) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function lstm(units: number, options?: LSTMOptions & OutputAlone): GivesOne<LSTM, RecurrentInputs>;
export function lstm(
  units: number,
  options: LSTMOptions & WithStates,
): GivesSeveral<LSTM, RecurrentInputs, [output: SymbolicTensor, h: SymbolicTensor, c: SymbolicTensor]>;
export function lstm(units: number, options?: LSTMOptions): LSTM;
export function lstm(config: LSTMConfig): LSTM;
export function lstm(...given: unknown[]): LSTM {
  return new LSTM(...(given as Given));
}
