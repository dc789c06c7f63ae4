/**
 * The trace of one step of a loop: a graph of its own inside that of another trace. What the step uses from around it
 * becomes an input.
 */
import { RidgelineError } from '../errors.js';
import { guard } from '../native.js';
import type { Operand } from './operand.js';
import { SymbolicTensor } from './symbolic.js';
import type { DType } from './tensor.js';
import { Trace } from './trace.js';
import { Weight } from './weight.js';

/** See the module documentation. */
export class StepTrace extends Trace {
  readonly #outer: Trace;
  /** Values of the trace around, in the order of the inputs. */
  readonly #taken: SymbolicTensor[] = [];
  readonly #captured = new Map<number, SymbolicTensor>();

  constructor(outer: Trace) {
    super(
      outer.training,
      outer.path || undefined,
      guard(() => outer.graph.step()),
    );
    this.#outer = outer;
    this.keepsPenalties = outer.keepsPenalties;
  }

  /** Values of the trace around that are its inputs, in their order. */
  get taken(): readonly SymbolicTensor[] {
    return this.#taken;
  }

  /** Adds an input of the type of a value around it, or of that value's slices along the first axis. */
  take(of: SymbolicTensor, isSliced = false): SymbolicTensor {
    const [id] = this.#outer.ids([of]) as [number];
    const index = this.#taken.length;
    const value = guard(() => this.graph.inputOf(index, this.#outer.graph, id, isSliced));
    this.#taken.push(of);
    return SymbolicTensor.of(this, value);
  }

  /** Takes what another trace has captured, so that both have the same inputs. */
  captureAs(other: StepTrace, from: number): void {
    for (const value of other.#taken.slice(from)) this.#capture(value);
  }

  #capture(value: SymbolicTensor): SymbolicTensor {
    const [id] = this.#outer.ids([value]) as [number];
    let captured = this.#captured.get(id);
    if (!captured) {
      captured = this.take(value);
      this.#captured.set(id, captured);
    }
    return captured.withMask(value.mask && this.value(value.mask));
  }

  override encloses(trace: unknown): boolean {
    return super.encloses(trace) || this.#outer.encloses(trace);
  }

  override value(operand: Operand, like: DType = 'float32'): SymbolicTensor {
    if (operand instanceof Weight) return this.#capture(this.#outer.value(operand));
    if (operand instanceof SymbolicTensor && operand.traced?.trace !== this)
      return this.#capture(this.#outer.value(operand));
    return super.value(operand, like);
  }

  override ids(values: readonly SymbolicTensor[]): number[] {
    return super.ids(values.map((value) => this.value(value)));
  }

  override stream(seed?: number): number {
    return this.#outer.stream(seed);
  }

  /** @throws {RidgelineError} `ERR_ARGUMENT` where the step assigned a weight. */
  checkAssigned(): void {
    const [weight] = this.assigned.keys();
    if (!weight) return;
    const message = `weight '${weight.path}' cannot be assigned in the step of a loop: let it go from step to step`;
    throw new RidgelineError('ERR_ARGUMENT', message, { argument: weight.path });
  }
}
