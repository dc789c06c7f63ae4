/**
 * What recurrent layers have in common: weights, dropout, states, masks and directions. The steps themselves are one native
 * op (`engine/src/ops/recurrent/`).
 */
import { KEEP, type Recurrence } from '../../core/primitives.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { WeightOptions } from '../weights.js';
import type { RecurrentCallOptions, RecurrentSettings } from './recurrent-options.js';

/** What tells one recurrent layer from another. */
export interface Cell {
  readonly op: 'lstm' | 'gru' | 'simpleRnn';
  readonly gates: number;
  readonly states: number;
  /** What the op is told besides. */
  readonly attributes?: { readonly resetAfter: boolean } | undefined;
}

/**
 * A recurrent layer: input `[batch, time, features]`, output `[batch, units]`, or `[batch, time, units]` with
 * `returnSequences`. Weights, as in Keras: `kernel` `[features, gates·units]`, `recurrent_kernel` `[units, gates·units]`,
 * `bias`. Masked steps keep the state.
 */
export abstract class Recurrent<C extends object, A extends unknown[]> extends Layer<C, A> {
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: readonly string[] = ['initialState'];
  #kernel!: Weight;
  #recurrent!: Weight;
  #bias: Weight | undefined;
  #isAligned = false;

  /** What tells it from others. */
  protected abstract readonly cell: Cell;

  /** How its bias begins, if it has one. */
  protected bias(units: number): WeightOptions {
    return { shape: [this.cell.gates * units], ...this.#settings.bias };
  }

  get #settings(): RecurrentSettings {
    return this.options as unknown as RecurrentSettings;
  }

  override build(inputShape: Shape): void {
    if (inputShape.length !== 3) {
      const message = `layer '${this.name}' expects input [batch, time, features], received ${inputShape.length} axes`;
      throw new RidgelineError('ERR_SHAPE', message, { received: inputShape });
    }
    const { units, useBias, kernel, recurrent } = this.#settings;
    const width = this.cell.gates * units;
    this.#kernel = this.addWeight('kernel', { shape: [inputShape[2] ?? null, width], ...kernel });
    this.#recurrent = this.addWeight('recurrent_kernel', { shape: [units, width], ...recurrent });
    if (useBias) this.#bias = this.addWeight('bias', this.bias(units));
  }

  /** That of the input where all steps are given. */
  override computeMask([x]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    return this.#settings.returnSequences ? x?.mask : undefined;
  }

  override call(x: SymbolicTensor, options: RecurrentCallOptions = {}): SymbolicTensor | SymbolicTensor[] {
    return this.#run(x, options, this.#isAligned || !this.#settings.goBackwards);
  }

  /**
   * @internal As calling it, but outputs stand where their inputs do, whichever way it goes.
   */
  walked(x: SymbolicTensor, options: RecurrentCallOptions): SymbolicTensor | SymbolicTensor[] {
    this.#isAligned = true;
    try {
      return this.invoke([x, options]) as SymbolicTensor | SymbolicTensor[];
    } finally {
      this.#isAligned = false;
    }
  }

  #run(
    x: SymbolicTensor,
    options: RecurrentCallOptions,
    aligned: boolean,
  ): SymbolicTensor | SymbolicTensor[] {
    const settings = this.#settings;
    const { returnSequences, returnState, goBackwards, zeroOutputForMask } = settings;
    const { op, attributes } = this.cell;
    const trace = Trace.running;
    const states = this.#states(options.initialState);
    const factors = this.#factors(x);
    const inputs = [
      factors.shared ? ops.mul(x, factors.shared) : x,
      ...[this.#kernel, this.#recurrent].map((weight) => trace.value(weight)),
      ...(this.#bias ? [trace.value(this.#bias)] : []),
      ...states,
      ...[x.mask, factors.inputs, factors.state].flatMap((of) => of ?? []),
    ];
    const way: Recurrence = {
      activation: settings.activation.name as string,
      recurrentActivation: settings.recurrentActivation?.name ?? 'linear',
      reverse: goBackwards,
      aligned,
      biased: this.#bias !== undefined,
      stated: states.length > 0,
      masked: x.mask !== undefined,
      inputDropped: factors.inputs !== undefined,
      dropped: factors.state !== undefined,
    };
    const [all, ...last]: SymbolicTensor[] = trace.emit(op, inputs, { ...way, ...attributes } as never);
    const output = (returnSequences ? all : last[0]) as SymbolicTensor;
    const zeroed = returnSequences && zeroOutputForMask && x.mask;
    const given = zeroed ? this.#zeroed(output, zeroed, aligned) : output;
    return returnState ? [given, ...last] : given;
  }

  /** The states to begin with, none for zeros. */
  #states(given: RecurrentCallOptions['initialState']): SymbolicTensor[] {
    if (given === undefined) return [];
    const states = [given].flat() as SymbolicTensor[];
    if (states.length === this.cell.states) return states;
    throw argumentError('initialState', `${this.cell.states} tensors`, given);
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

  /** Outputs of all steps, with 0 where they do not count. */
  #zeroed(outputs: SymbolicTensor, mask: SymbolicTensor, aligned: boolean): SymbolicTensor {
    const flips = this.#settings.goBackwards && !aligned;
    const counts = ops.cast(flips ? ops.flip(mask, 1) : mask, 'float32');
    return ops.mul(outputs, ops.expandDims(counts, -1));
  }
}

/** Factors of inputs and state. */
interface Factors {
  /** Of the inputs of all gates, `[batch, 1, features]`. */
  readonly shared?: SymbolicTensor | undefined;
  /** Of the inputs of each gate, `[batch, gates, features]`. */
  readonly inputs?: SymbolicTensor | undefined;
  /** Of the state, for each gate, `[batch, gates·units]`. */
  readonly state?: SymbolicTensor | undefined;
}
