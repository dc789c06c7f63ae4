/**
 * A decoder: the native program of a model that goes on with sequences step by step. Layers keep what they need of the steps
 * before, such as keys and values, so that a step costs as much as one step.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { type Tensor, tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { mayKeepWaiting } from '../core/turns.js';
import type { Weight } from '../core/weight.js';
import { RidgelineError } from '../errors.js';
import { guard, type NativeMoment, type NativePredictor, native } from '../native.js';
import * as ops from '../ops/index.js';
import { lengthOf, stepOf } from '../ops/steps.js';
import { DecodingStates } from './decoding-states.js';
import { settled } from './native-prediction.js';
import type { Network } from './network.js';

/**
 * Traces a network to go on with sequences of tokens.
 *
 * @param isOpen - States are inputs of the trace and the last values of `next` its outputs.
 * @returns The outputs of the given steps `[rows, steps, …]`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a network with several inputs or outputs, or without an axis of time, or a
 *   layer that looks at all steps at once.
 */
export function traceSteps(
  network: Network,
  trace: Trace,
  rows: number,
  length: number,
  isOpen: boolean,
): { readonly output: SymbolicTensor; readonly decoding: DecodingStates } {
  const { inputs, outputs } = network.graph;
  const [input] = inputs as [SymbolicTensor];
  if (inputs.length > 1 || outputs.length > 1 || input.rank < 2 || (outputs[0]?.rank ?? 0) < 3) {
    const message = `model '${network.name}' must have one input [batch, time, …] and one output [batch, time, classes] to go on with sequences`;
    throw new RidgelineError('ERR_ARGUMENT', message, { layer: network.name });
  }
  const shape = [rows, null, ...input.shape.slice(2)];
  const tokens = trace.input(network.inputNames[0] as string, shape, input.dtype);
  const decoding = new DecodingStates(trace, rows, length, isOpen);
  trace.decoding = decoding;
  const [output] = network.graph.replay([tokens]) as [SymbolicTensor];
  const steps = ops.cast(lengthOf(tokens, 1), 'float32') as SymbolicTensor;
  decoding.advance(isOpen ? bounded(decoding, steps) : steps);
  return { output, decoding };
}

/** As many steps, picked from a table that has no more rows than a sequence has steps: others know of no bound but this. */
function bounded({ position, length }: DecodingStates, steps: SymbolicTensor): SymbolicTensor {
  const last = ops.cast(ops.sub(ops.add(position, steps), 1), 'int32');
  return ops.add(steps, ops.gather(tensor(new Float32Array(length)), last)) as SymbolicTensor;
}

/** See the module documentation. It is for one sequence, or several side by side, at a time. */
export class Decoder {
  /** Sequences side by side. */
  readonly rows: number;
  /** The most steps of a sequence. */
  readonly length: number;
  /** True if what it gives are logits, rather than probabilities. */
  readonly givesLogits: boolean;
  readonly #program: NativePredictor;
  readonly #states: readonly Weight[];
  /** A sequence goes on with the weights that it began with. */
  readonly #moment: NativeMoment = new native.NativeMoment();
  #calls = 0;

  /** @throws {RidgelineError} As {@link traceSteps}; `ERR_MEMORY`. */
  constructor(network: Network, rows: number, length: number) {
    this.rows = rows;
    this.length = length;
    const trace = new Trace(false);
    const made = trace.run(() => {
      const { output, decoding } = traceSteps(network, trace, rows, length, false);
      const logits = stepOf(output, -1);
      const { carried, next } = trace.carried();
      const state = carried.map(({ variable }) => variable);
      const [id] = trace.ids([output]) as [number];
      const [of] = trace.ids([logits]) as [number];
      return {
        states: decoding.states,
        givesLogits: trace.graph.producer(id).op !== 'softmax',
        program: guard(() => new native.NativePredictor(trace.graph, [of], state, trace.ids(next))),
      };
    });
    this.#states = made.states;
    this.#program = made.program;
    this.givesLogits = made.givesLogits;
  }

  /** Begins anew: no step went before. */
  reset(): void {
    this.#moment.release();
    const zeros = this.#states.map(({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)));
    guard(() =>
      native.writeVariables(
        this.#states.map(({ variable }) => variable),
        zeros,
      ),
    );
  }

  /** Goes on with tokens `[rows, steps]`, and gives the output of the last step, `[rows, classes]`. */
  async next(tokens: Tensor, threads: number | undefined): Promise<Tensor<'float32'>> {
    const shape = [...tokens.shape];
    const found = guard(() =>
      this.#program.predict(
        [tokens.elements],
        [shape],
        this.rows,
        0,
        this.#calls++,
        threads,
        this.#moment,
        mayKeepWaiting(),
      ),
    );
    const [output] = await settled(found);
    return output as Tensor<'float32'>;
  }

  /** Gives its memory back. */
  release(): void {
    this.#program.release();
  }
}
