/**
 * What recurrent layers and their cells have in common: weights, dropout, and the walk through time, which is one native op
 * (`engine/src/ops/recurrent/`).
 */
import { floating } from '../../core/apply.js';
import { KEEP, type Recurrence } from '../../core/primitives.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { WeightOptions } from '../weights.js';
import type { Cell, Factors, Way } from './cell.js';
import { composed, isNative } from './composed.js';
import type { CellSettings } from './recurrent-options.js';

/**
 * Weights, as in Keras: `kernel` `[features, gates·units]`, `recurrent_kernel` `[units, gates·units]`, `bias`. Masked steps
 * keep the state.
 */
export abstract class Steps<C extends object, A extends unknown[]> extends Layer<C, A> {
  #kernel!: Weight;
  #recurrent!: Weight;
  #bias: Weight | undefined;

  /** What tells it from others. */
  protected abstract readonly cell: Cell;

  /** How its bias begins, if it has one. */
  protected bias(units: number): WeightOptions {
    return { shape: [this.cell.gates * units], ...this.#settings.bias };
  }

  get #settings(): CellSettings {
    return this.options as unknown as CellSettings;
  }

  /** Sizes of the states. */
  get stateSize(): readonly number[] {
    return Array.from({ length: this.cell.states }, () => this.#settings.units);
  }

  /** Makes the weights. */
  protected weightsFor(features: number | null): void {
    const { units, useBias, kernel, recurrent } = this.#settings;
    const width = this.cell.gates * units;
    this.#kernel = this.addWeight('kernel', { shape: [features, width], ...kernel });
    this.#recurrent = this.addWeight('recurrent_kernel', { shape: [units, width], ...recurrent });
    if (useBias) this.#bias = this.addWeight('bias', this.bias(units));
  }

  /** @internal All outputs of a sequence `[batch, time, features]`, and the last states. */
  protected steps(sequence: SymbolicTensor, given: readonly SymbolicTensor[], way: Way): SymbolicTensor[] {
    if (given.length > 0 && given.length !== this.cell.states)
      throw argumentError('initialState', `${this.cell.states} tensors`, given);
    const { units, activation, recurrentActivation } = this.#settings;
    const trace = Trace.running;
    const x = floating(trace, sequence);
    const factors = this.#factors(x);
    const { cell } = this;
    const [kernel, recurrent] = [trace.value(this.#kernel), trace.value(this.#recurrent)];
    const bias = this.#bias && trace.value(this.#bias);
    const dropped = factors.shared ? ops.mul(x, factors.shared).withMask(x.mask) : x;
    if (!isNative(activation) || (recurrentActivation && !isNative(recurrentActivation))) {
      const of = { cell, units, activation, recurrentActivation, kernel, recurrent, bias, factors };
      return composed(of, dropped, given, way);
    }
    const inputs = [
      dropped,
      kernel,
      recurrent,
      ...(bias ? [bias] : []),
      ...given,
      ...[x.mask, factors.inputs, factors.state].flatMap((of) => of ?? []),
    ];
    const told: Recurrence = {
      ...way,
      activation: activation.name as string,
      recurrentActivation: recurrentActivation?.name ?? 'linear',
      biased: this.#bias !== undefined,
      stated: given.length > 0,
      masked: x.mask !== undefined,
      inputDropped: factors.inputs !== undefined,
      dropped: factors.state !== undefined,
    };
    const { op, attributes } = cell;
    return trace.emit(op, inputs, { ...told, ...attributes } as never);
  }

  /**
   * What inputs and state are multiplied by in training. As in Keras each gate has factors of its own as soon as there is
   * recurrent dropout; else all share those of the input.
   */
  #factors(x: SymbolicTensor): Factors {
    const { dropout, recurrentDropout, units, seed } = this.#settings;
    if (!this.isTraining) return {};
    const { gates } = this.cell;
    const trace = Trace.running;
    const drawn = (rate: number, rows: number, columns: number): SymbolicTensor | undefined => {
      if (rate === 0) return undefined;
      const shape = [KEEP, rows, columns];
      return trace.emit('dropoutMask', [x], { rate, stream: trace.stream(seed), shape })[0];
    };
    const features = x.shape[2] as number;
    if (recurrentDropout === 0) return { shared: drawn(dropout, 1, features) };
    const state = drawn(recurrentDropout, 1, gates * units) as SymbolicTensor;
    return { inputs: drawn(dropout, gates, features), state: ops.squeeze(state, 1) };
  }
}
