/**
 * RNN: a recurrent layer of a cell, one of this package or of one's own.
 */

import type { Option } from '../../core/options.js';
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { stepOf } from '../../ops/steps.js';
import type { CallOptionKinds } from '../arguments.js';
import type { GivesOne, GivesSeveral } from '../gives.js';
import { innerLayer } from '../inner-layer.js';
import { checkAxes } from '../input-axes.js';
import { Layer } from '../layer.js';
import { type LayerOptions, option, type Table } from '../options.js';
import type { WeightOptions } from '../weights.js';
import { Alignment } from './alignment.js';
import { CarriedStates, DecodedStates } from './carried-states.js';
import { zeroed } from './recurrent.js';
import { RecurrentCell } from './recurrent-cell.js';
import type { OutputAlone, OutputAndStates, RecurrentInputs, WithStates } from './recurrent-options.js';
import { type RecurrentCallOptions, type ShownOptions, shown } from './recurrent-options.js';
import { scanned } from './scanned.js';

/** A cell of one's own: a layer called with an input and a list of states, which gives its output and the next states. */
export interface OwnCell extends Layer {
  /** Size of its state, or of each of its states; the first is that of its output. */
  readonly stateSize: number | readonly number[];
}

/** Options of {@link RNN}. */
export interface RNNOptions extends LayerOptions, ShownOptions {}

/** Config of {@link RNN}. */
export interface RNNConfig extends RNNOptions {
  /** A cell, or several, of which each takes what the one before it gives. */
  readonly cell: Layer | readonly Layer[];
}

type Given = [cell: RNNConfig['cell'], options?: RNNOptions] | [config: RNNConfig];

/** Sizes of the states of a cell. */
const sizesOf = (cell: Layer): number[] => [(cell as OwnCell).stateSize].flat() as number[];

const cells = option(
  (argument, given): Layer | readonly Layer[] => {
    const all = Array.from(Array.isArray(given) ? given : [given], (one) => innerLayer.read(argument, one));
    for (const cell of all) {
      const sizes = sizesOf(cell);
      const fits = sizes.length > 0 && sizes.every((size) => Number.isSafeInteger(size) && size > 0);
      // A recurrent layer has states too, but takes whole sequences.
      const isCell = !('returnSequences' in (cell.options as object));
      if (!fits || !isCell)
        throw argumentError(argument, "a cell such as lstmCell, a layer with a 'stateSize'", cell.name);
    }
    if (all.length > 0) return Array.isArray(given) ? all : (all[0] as Layer);
    throw argumentError(argument, 'a cell, or a list of at least one', given);
  },
  undefined,
  (value) => (Array.isArray(value) ? value.map(innerLayer.save) : innerLayer.save(value as Layer)),
) as Option<Layer | readonly Layer[], true>;

/** The state that a cell of one's own begins with, where it says one; zeros else. */
function firstOf(cell: Layer, x: SymbolicTensor): SymbolicTensor[] {
  const { getInitialState } = cell as { getInitialState?: unknown };
  if (typeof getInitialState !== 'function') return [];
  const states = [getInitialState.call(cell, x)].flat() as SymbolicTensor[];
  if (states.length === sizesOf(cell).length && states.every((of) => of instanceof SymbolicTensor))
    return states;
  throw argumentError('what getInitialState() gives', `${sizesOf(cell).length} tensors`, states);
}

/**
 * Input `[batch, time, …]`, output `[batch, units]`, or `[batch, time, units]` with `returnSequences`. Cells of this package
 * go through time in one native op each; those of one's own, layers with a `stateSize` whose `call(x, states)` gives
 * `[output, ...states]`, in a scan. A cell may say what it begins with by `getInitialState(x)`, from the whole sequence.
 */
export class RNN extends Layer<RNNConfig, Given> {
  static override readonly className: string = 'RNN';
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = { initialState: 'tensors' };
  static override readonly options: Table<RNNConfig> = { cell: cells as never, ...shown };

  /** @internal */
  readonly alignment = new Alignment();
  #carried: CarriedStates | undefined;

  /** Sizes of the states of all cells. */
  get stateSize(): readonly number[] {
    return this.#cells.flatMap(sizesOf);
  }

  get #cells(): readonly Layer[] {
    return [this.options.cell].flat() as Layer[];
  }

  override build(inputShape: Shape): void {
    checkAxes(this.name, inputShape, ['batch', 'time', '…']);
    if (!this.options.stateful) return;
    const add = (name: string, options: WeightOptions): Weight => this.addWeight(name, options);
    const sizes = this.stateSize;
    this.#carried = new CarriedStates(this as unknown as Layer, inputShape, sizes, add);
  }

  /** That of the input where all steps are given. */
  override computeMask([x]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    return this.options.returnSequences ? x?.mask : undefined;
  }

  override call(x: SymbolicTensor, options: RecurrentCallOptions = {}): SymbolicTensor | SymbolicTensor[] {
    const { returnSequences, returnState, goBackwards, zeroOutputForMask } = this.options;
    const sizes = this.stateSize;
    const carried = DecodedStates.of(this as unknown as Layer, sizes, goBackwards) ?? this.#carried;
    const given = [options.initialState ?? carried?.first(x) ?? []].flat() as SymbolicTensor[];
    if (given.length > 0 && given.length !== sizes.length)
      throw argumentError('initialState', `${sizes.length} tensors`, given);
    let [sequence, at] = [x, 0];
    const last: SymbolicTensor[] = [];
    for (const cell of this.#cells) {
      const own = given.length > 0 ? given.slice(at, at + sizesOf(cell).length) : firstOf(cell, x);
      at += own.length;
      const [all, ...states] = this.#through(cell, sequence, own);
      last.push(...states);
      sequence = (all as SymbolicTensor).withMask(x.mask);
    }
    carried?.next(last, (weight, state) => this.assign(weight, state));
    const isFlipped = goBackwards && !this.alignment.isWithInputs;
    let output = sequence.withMask(undefined);
    if (!returnSequences) output = stepOf(output, goBackwards ? 0 : -1);
    else if (isFlipped) output = ops.flip(output, 1);
    if (zeroOutputForMask && x.mask) output = zeroed(output, x.mask, this.options, isFlipped);
    return returnState ? [output, ...last] : output;
  }

  /** All outputs of a cell, where their inputs stand, and its last states. */
  #through(cell: Layer, x: SymbolicTensor, states: SymbolicTensor[]): SymbolicTensor[] {
    const { goBackwards } = this.options;
    const step = (now: SymbolicTensor, before: SymbolicTensor[]): SymbolicTensor[] =>
      [cell.invoke([now, before])].flat() as SymbolicTensor[];
    if (!(cell instanceof RecurrentCell)) return scanned(step, sizesOf(cell), x, states, goBackwards);
    return cell.overAll(x, states, goBackwards);
  }
}

/**
 * A recurrent layer of a cell, or of several on top of each other.
 *
 * @param cell - A cell, or a list of them.
 * @example
 * ```ts
 * layers.rnn([layers.lstmCell(32), layers.gruCell(16)], { returnSequences: true });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function rnn(
  cell: Layer | readonly Layer[],
  options?: RNNOptions & OutputAlone,
): GivesOne<RNN, RecurrentInputs>;
export function rnn(
  cell: Layer | readonly Layer[],
  options: RNNOptions & WithStates,
): GivesSeveral<RNN, RecurrentInputs, OutputAndStates>;
export function rnn(cell: Layer | readonly Layer[], options?: RNNOptions): RNN;
export function rnn(config: RNNConfig): RNN;
export function rnn(...given: unknown[]): RNN {
  return new RNN(...(given as Given));
}
