/**
 * What a call of ops outside layers computes, as a list of native ops: how saved models keep it.
 */
import { RidgelineError } from '../errors.js';
import type { Operand } from './operand.js';
import type { AttributesOf, Primitive, ResultsOf } from './primitives.js';
import { standIn } from './recording.js';
import { SymbolicTensor } from './symbolic.js';
import { type DType, Tensor } from './tensor.js';
import { Trace } from './trace.js';
import { Weight } from './weight.js';

/** Elements of a constant that a program holds at most: more belong into a weight. */
const MOST = 4096;

/** One op. Values are counted: the inputs first, then what each op gives. */
type Instruction =
  | {
      readonly op: string;
      readonly of: number[];
      readonly with?: object | undefined;
      /** Of what is random: its seed, if it has one of its own. */
      readonly random?: { readonly seed?: number | undefined };
    }
  | { readonly constant: number[]; readonly shape: number[]; readonly dtype: DType }
  | { readonly size: number; readonly axis?: number | undefined };

/** See the module documentation. */
export interface OpProgram {
  readonly instructions: readonly Instruction[];
  /** Which of the values it gives. */
  readonly outputs: number[];
}

const refuse = (why: string): RidgelineError =>
  new RidgelineError('ERR_ARGUMENT', `${why}: put it into a Layer class`, { argument: 'model' });

/** A trace that writes down what is emitted. */
class Writing extends Trace {
  readonly instructions: Instruction[] = [];
  readonly #numbers = new Map<number, number>();
  readonly #seeds: (number | undefined)[] = [];

  /** Counts random streams, which are those of the model where it runs. */
  override stream(seed?: number): number {
    return this.#seeds.push(seed) - 1;
  }

  /** The number of a value that is counted from now on. */
  count(value: SymbolicTensor): SymbolicTensor {
    this.#numbers.set(super.ids([value])[0] as number, this.#numbers.size);
    return value;
  }

  /** @throws {RidgelineError} `ERR_ARGUMENT` for a value of something else than a native op. */
  numbersOf(values: readonly SymbolicTensor[]): number[] {
    return super.ids(values).map((id) => {
      const number = this.#numbers.get(id);
      if (number === undefined) throw refuse('it has a loop or a gradient');
      return number;
    });
  }

  override emit<N extends Primitive>(
    op: N,
    inputs: readonly SymbolicTensor[],
    ...attributes: AttributesOf<N>
  ): ResultsOf<N> {
    const { stream, ...others } = { ...attributes[0] } as { stream?: number };
    const random = stream === undefined ? {} : { random: { seed: this.#seeds[stream] } };
    const by = Object.keys(others).length > 0 ? { with: others } : {};
    this.instructions.push({ op, of: this.numbersOf(inputs), ...by, ...random });
    const values = super.emit(op, inputs, ...attributes);
    for (const value of values) this.count(value);
    return values;
  }

  override constant(value: Tensor): SymbolicTensor {
    if (value.size > MOST) throw refuse(`it has a tensor of ${value.size} elements`);
    const { elements, shape, dtype } = value;
    this.instructions.push({ constant: Array.from(elements), shape: [...shape], dtype });
    return this.count(super.constant(value));
  }

  override size(x: SymbolicTensor, axis?: number): SymbolicTensor {
    this.instructions.push({ size: this.numbersOf([x])[0] as number, axis });
    return this.count(super.size(x, axis));
  }

  override value(operand: Operand, like?: DType): SymbolicTensor {
    if (operand instanceof Weight) throw refuse('it has a weight');
    return super.value(operand, like);
  }
}

/**
 * The program of what `work` emits for recorded tensors.
 * @throws {RidgelineError} `ERR_ARGUMENT` for weights, loops, gradients and large tensors.
 */
export function programOf(
  inputs: readonly SymbolicTensor[],
  work: (inputs: SymbolicTensor[]) => readonly SymbolicTensor[],
): OpProgram {
  const trace = new Writing(false);
  try {
    return trace.run(() => {
      const given = inputs.map((t, i) => trace.count(standIn(trace, t, `x_${i}`).withMask(undefined)));
      const outputs = trace.numbersOf(work(given));
      return { instructions: trace.instructions, outputs };
    });
  } finally {
    trace.graph.release();
  }
}

/** What a program gives in the running trace. */
export function runProgram(
  { instructions, outputs }: OpProgram,
  inputs: readonly SymbolicTensor[],
): SymbolicTensor[] {
  const trace = Trace.running;
  const values = [...inputs];
  const at = (of: number): SymbolicTensor => {
    const value = values[of];
    if (value instanceof SymbolicTensor) return value;
    throw new RangeError(`there is no value ${of} in a program of ops`);
  };
  for (const one of instructions) {
    if ('op' in one) {
      const attributes = { ...one.with, ...(one.random ? { stream: trace.stream(one.random.seed) } : {}) };
      // Which ops there are and what they take, the native core checks.
      values.push(...trace.emit(one.op as 'softmax', one.of.map(at), ...([attributes] as unknown as [])));
    } else if ('constant' in one) values.push(trace.constant(constantOf(one)));
    else values.push(trace.size(at(one.size), one.axis));
  }
  return outputs.map(at);
}

function constantOf({ constant, shape, dtype }: Extract<Instruction, { constant: unknown }>): Tensor {
  if (dtype === 'int32') return new Tensor(Int32Array.from(constant), shape, dtype);
  if (dtype === 'bool') return new Tensor(Uint8Array.from(constant), shape, dtype);
  return new Tensor(Float32Array.from(constant), shape, dtype);
}
