/**
 * States of stateful recurrent layers: the last of one batch are the first of the next, row by row.
 */
import { type Decoding, needsAllSteps } from '../../core/decoding.js';
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import { RidgelineError } from '../../errors.js';
import type { Layer } from '../layer.js';
import type { WeightOptions } from '../weights.js';

/** Name of the state at `i`, as Keras names them. */
const nameOf = (i: number): string => (i === 0 ? 'rnn_state' : `rnn_state_${i}`);

/** What states hold, in the trace that is running. */
const valuesOf = (weights: readonly Weight[]): SymbolicTensor[] =>
  weights.map((weight) => Trace.running.value(weight));

/** See the module documentation. */
export class CarriedStates {
  readonly #layer: Layer;
  readonly #batch: number;
  readonly #weights: readonly Weight[];

  /**
   * @param shape - Of the layer's input; it says how many rows a batch has.
   * @param sizes - Sizes of the states.
   * @param add - Makes a weight of the layer.
   * @throws {RidgelineError} `ERR_SHAPE` where the rows are not known.
   */
  constructor(
    layer: Layer,
    [batch]: Shape,
    sizes: readonly number[],
    add: (name: string, options: WeightOptions) => Weight,
  ) {
    this.#layer = layer;
    if (typeof batch !== 'number') {
      const message = `layer '${layer.name}' is stateful, so it must know how many rows a batch has: input({ shape, batchSize })`;
      throw new RidgelineError('ERR_SHAPE', message, { layer: layer.name });
    }
    this.#batch = batch;
    this.#weights = sizes.map((size, i) => add(nameOf(i), { shape: [batch, size], carried: true }));
  }

  /**
   * Where a batch begins.
   * @throws {RidgelineError} `ERR_SHAPE` for a batch of other rows.
   */
  first(x: SymbolicTensor): SymbolicTensor[] {
    const [rows] = x.shape;
    if (rows !== this.#batch) {
      const { name } = this.#layer;
      const message = `layer '${name}' is stateful for batches of ${this.#batch} rows, received ${rows ?? 'any number of'} rows`;
      throw new RidgelineError('ERR_SHAPE', message, { layer: name, received: x.shape });
    }
    return valuesOf(this.#weights);
  }

  /** Where the next one does. */
  next(last: readonly SymbolicTensor[], assign: (weight: Weight, next: SymbolicTensor) => void): void {
    for (const [i, weight] of this.#weights.entries()) assign(weight, last[i] as SymbolicTensor);
  }
}

/** States of a recurrent layer in a model that goes on with a sequence: the last of some steps are the first of the next. */
export class DecodedStates {
  readonly #decoding: Decoding;
  readonly #weights: readonly Weight[];

  private constructor(decoding: Decoding, sizes: readonly number[]) {
    this.#decoding = decoding;
    this.#weights = sizes.map((size, i) => decoding.state(nameOf(i), [decoding.rows, size]));
  }

  /**
   * Those of a layer, if the model is traced so.
   * @throws {RidgelineError} `ERR_ARGUMENT` for a layer that goes backwards.
   */
  static of(layer: Layer, sizes: readonly number[], isBackwards: boolean): DecodedStates | undefined {
    const trace = Trace.running;
    if (isBackwards) needsAllSteps(trace, layer.name, 'goes backwards');
    return trace.decoding && new DecodedStates(trace.decoding, sizes);
  }

  /** Where these steps begin. */
  first(): SymbolicTensor[] {
    return valuesOf(this.#weights);
  }

  /** Where the next ones do. */
  next(last: readonly SymbolicTensor[]): void {
    for (const [i, weight] of this.#weights.entries()) this.#decoding.keep(weight, last[i] as SymbolicTensor);
  }
}
