/**
 * A trace: one replay of layer calls into a native graph, with everything ambient to it: the training
 * flag, the path of layers, numbered random streams, penalties and next states.
 */
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeGraph, native } from '../native.js';
import type { Decoding } from './decoding.js';
import type { Operand } from './operand.js';
import type { AttributesOf, Primitive, ResultsOf } from './primitives.js';
import { hash } from './random.js';
import { type Shape, SymbolicTensor, type Tracing } from './symbolic.js';
import { type DType, Tensor } from './tensor.js';
import { Weight } from './weight.js';

let current: Trace | undefined;

/** See the module documentation. */
export class Trace implements Tracing {
  readonly graph: NativeGraph;
  /** True while training; layers may override it for what they call. */
  training: boolean;
  /** What was assigned to weights, in order: the last of each is committed at the end of the step. */
  readonly assigned: Map<Weight, SymbolicTensor[]> = new Map();
  /** Set where the trace is to go on with a sequence. */
  decoding: Decoding | undefined;
  /** Scalar penalties of activities and custom regularizers. */
  readonly penalties: SymbolicTensor[] = [];
  /** True where somebody asks for the penalties of loops in it. Default false. */
  keepsPenalties = false;
  /** Weights used, in order of first use. */
  readonly weights: Set<Weight> = new Set();
  #path: string[] = [];
  #calls = new Map<string, number>();
  #inputs = 0;

  /** @param path - Where it is, if not at a model's top: streams go by it. */
  constructor(training: boolean, path?: string, graph: NativeGraph = new native.NativeGraph()) {
    this.training = training;
    this.graph = graph;
    if (path !== undefined) this.#path.push(path);
  }

  /** The running trace, if any. */
  static get current(): Trace | undefined {
    return current;
  }

  /**
   * The running trace.
   * @throws {RidgelineError} `ERR_ARGUMENT` when none runs.
   */
  static get running(): Trace {
    if (current) return current;
    throw new RidgelineError(
      'ERR_ARGUMENT',
      'this works only while a layer, a loss or a metric is being traced',
    );
  }

  /** True for this trace, and for those around it if it is that of a step of a loop: their values can be used in it. */
  encloses(trace: unknown): boolean {
    return trace === this;
  }

  /** Runs `work` with this trace as the ambient one. */
  run<T>(work: () => T): T {
    const outer = current;
    current = this;
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  /** Runs `work` without an ambient trace: ops of concrete tensors compute at once. */
  static aside<T>(work: () => T): T {
    const outer = current;
    current = undefined;
    try {
      return work();
    } finally {
      current = outer;
    }
  }

  /** Runs `work` inside the layer called `name`. */
  within<T>(name: string, training: boolean, work: () => T): T {
    const outer = this.training;
    this.#path.push(name);
    this.training = training;
    this.graph.setLabel(this.path);
    try {
      return work();
    } finally {
      this.#path.pop();
      this.training = outer;
      this.graph.setLabel(this.path);
    }
  }

  /** Path of the layer that is being traced. */
  get path(): string {
    return this.#path.join('/');
  }

  /** A random stream for the next use in the current layer: the same in every trace of the model. */
  stream(seed?: number): number {
    const key = seed === undefined ? this.path : `${this.path}?${seed}`;
    const count = this.#calls.get(key) ?? 0;
    this.#calls.set(key, count + 1);
    return hash(`${key}#${count}`);
  }

  /** Adds an input of the program. */
  input(name: string, shape: Shape, dtype: DType, symbols?: readonly string[]): SymbolicTensor {
    const names = shape.map((d, i) =>
      d === null ? (symbols?.[i] ?? (i === 0 ? 'batch' : `${name}_${i}`)) : '',
    );
    const sizes = shape.map((d) => d ?? -1);
    return SymbolicTensor.of(
      this,
      guard(() => this.graph.input(this.#inputs++, name, sizes, names, dtype)),
    );
  }

  /** Adds an input whose unknown sizes are those of `like` at the same axis. */
  inputLike(name: string, shape: Shape, like: SymbolicTensor, dtype: DType): SymbolicTensor {
    const sizes = shape.map((d) => d ?? -1);
    const [id] = this.ids([like]) as [number];
    return SymbolicTensor.of(
      this,
      guard(() => this.graph.inputLike(this.#inputs++, name, sizes, id, dtype)),
    );
  }

  /** Adds a constant. */
  constant(value: Tensor): SymbolicTensor {
    return SymbolicTensor.of(
      this,
      guard(() => this.graph.constant(value.elements, [...value.shape])),
    );
  }

  /** The value of an operand in this trace; numbers take the type `like`. */
  value(operand: Operand, like: DType = 'float32'): SymbolicTensor {
    if (operand instanceof SymbolicTensor) {
      this.#id(operand);
      return operand;
    }
    if (operand instanceof Weight) {
      const assigned = this.assigned.get(operand)?.at(-1);
      if (assigned) return assigned;
      this.weights.add(operand);
      return SymbolicTensor.of(
        this,
        guard(() => this.graph.weight(operand.variable)),
      );
    }
    if (operand instanceof Tensor) return this.constant(operand);
    if (typeof operand !== 'number' && typeof operand !== 'boolean')
      throw argumentError('operand', 'a tensor, a weight or a number', operand);
    if (Number.isFinite(operand) && !Number.isFinite(Math.fround(operand)))
      throw argumentError('operand', 'a number that float32 holds', operand);
    const scalar = like === 'int32' ? Int32Array.of(operand) : Float32Array.of(operand);
    return this.constant(new Tensor(scalar, [], like === 'int32' ? 'int32' : 'float32'));
  }

  /** Weights that go from batch to batch, and what each holds next. */
  carried(): { carried: Weight[]; next: SymbolicTensor[] } {
    const of = [...this.assigned].filter(([weight]) => weight.isCarried);
    return { carried: of.map(([weight]) => weight), next: of.map(([, all]) => all.at(-1) as SymbolicTensor) };
  }

  /** Emits a native op. */
  emit<N extends Primitive>(
    op: N,
    inputs: readonly SymbolicTensor[],
    ...attributes: AttributesOf<N>
  ): ResultsOf<N> {
    const json = JSON.stringify(attributes[0] ?? {});
    const values = guard(() => this.graph.apply(op, this.ids(inputs), json));
    return values.map((value) => SymbolicTensor.of(this, value)) as ResultsOf<N>;
  }

  /** The size of an axis of `x`, or its number of elements, as a scalar that is known when a batch is. */
  size(x: SymbolicTensor, axis?: number): SymbolicTensor {
    const [id] = this.ids([x]) as [number];
    return SymbolicTensor.of(
      this,
      guard(() => (axis === undefined ? this.graph.size(id) : this.graph.dimension(id, axis))),
    );
  }

  /** Handles of values. @throws {RidgelineError} `ERR_ARGUMENT` for one of another trace. */
  ids(values: readonly SymbolicTensor[]): number[] {
    return values.map((value) => this.#id(value));
  }

  #id({ traced }: SymbolicTensor): number {
    if (traced?.trace === this) return traced.id;
    throw new RidgelineError(
      'ERR_ARGUMENT',
      'a symbolic tensor was used outside the call that it belongs to',
    );
  }

  /** Computes values of a trace without inputs. */
  evaluate(values: readonly SymbolicTensor[], seed = 0, step = 0): Tensor[] {
    return guard(() => this.graph.evaluate(this.ids(values), seed, step)).map((t) => Tensor.fromNative(t));
  }
}
