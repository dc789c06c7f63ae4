/**
 * Symbolic tensors: what a layer's `call` works on.
 *
 * There are two kinds with one face. Inside a trace a tensor is a value of a native graph. Outside, in the
 * functional API, it is an output of a recorded call; a model replays the calls into every trace.
 */
import type { NativeGraph, NativeValue } from '../native.js';
import { noNumber } from './no-number.js';
import { type DType, shapeText, Tensor } from './tensor.js';

/** Sizes; `null` where unknown, such as the batch. */
export type Shape = readonly (number | null)[];

/** A call that was recorded: how to replay it, and what it gave. */
export interface Call {
  /** Name for summaries and errors. */
  readonly label: string;
  /** Recorded tensors it takes. */
  readonly inputs: readonly SymbolicTensor[];
  /** The layer, unless it was an op. */
  readonly layer?: object | undefined;
  /** Arguments of the layer as they were given, tensors in their places. */
  readonly args?: readonly unknown[] | undefined;
  /** Training flag that was given, if any. */
  readonly training?: boolean | undefined;
  /** Other options of the call, such as a mask, tensors in their places. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Weights that it uses, where it is no layer. */
  readonly weights?: readonly object[] | undefined;
  /** Runs it in a trace. */
  replay(inputs: SymbolicTensor[]): SymbolicTensor[];
  /** What it gave. */
  outputs: SymbolicTensor[];
}

/** A trace, as far as the tensors know it that are values of it. */
export interface Tracing {
  /** The graph that it makes. */
  readonly graph: NativeGraph;
  /** Runs `work` with this trace as the ambient one. */
  run<T>(work: () => T): T;
}

/** A tensor's place in a trace. */
export interface Traced {
  /** The trace. */
  readonly trace: Tracing;
  /** Handle of the value in its graph. */
  readonly id: number;
}

/** A tensor without values: a shape, a type, and where it comes from. */
export class SymbolicTensor {
  /** Sizes; `null` where unknown. */
  readonly shape: Shape;
  /** Element type. */
  readonly dtype: DType;
  /**
   * Which steps count, bool `[batch, time, …]`, while a model is traced: where a layer such as `embedding` with
   * `maskZero` said so. Ops drop it; layers carry it on by Keras' rules.
   */
  readonly mask: SymbolicTensor | undefined;
  // Private, so that a concrete tensor of the same shape is no symbolic one to the compiler.
  readonly #traced: Traced | undefined;
  /** @internal Output of a recorded call, if it is one. */
  call: Call | undefined;
  /** @internal Name, for inputs. */
  name: string | undefined;

  /** @hidden */
  constructor(shape: Shape, dtype: DType, traced?: Traced, mask?: SymbolicTensor) {
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.#traced = traced;
    this.mask = mask;
  }

  /** The same value with another mask, or without one. */
  withMask(mask: SymbolicTensor | undefined): SymbolicTensor {
    return mask === this.mask ? this : new SymbolicTensor(this.shape, this.dtype, this.#traced, mask);
  }

  /** @internal Value of a trace, if it is one. */
  get traced(): Traced | undefined {
    // A stand-in for a tensor has none.
    return #traced in this ? this.#traced : undefined;
  }

  /** @internal A value of a trace. */
  static of(trace: Tracing, value: NativeValue): SymbolicTensor {
    const shape = value.shape.map((d) => (d < 0 ? null : d));
    return new SymbolicTensor(shape, value.dtype as DType, { trace, id: value.id });
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** @internal @throws {RidgelineError} `ERR_ARGUMENT` where it stands for a number, as in `x * 2`. */
  [Symbol.toPrimitive](hint: string): string {
    return noNumber(this, hint);
  }

  /** Class, shape and type, for consoles. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SymbolicTensor ${this.dtype} ${shapeText(this.shape)}`;
  }
}

/** True for tensors of either kind. */
export function isTensorLike(value: unknown): value is SymbolicTensor | Tensor {
  return value instanceof SymbolicTensor || value instanceof Tensor;
}
