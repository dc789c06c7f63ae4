/**
 * What layers keep of the steps before, while a model is traced to go on with a sequence: weights that are carried on, or
 * inputs of the trace.
 */
import type { Decoding } from '../core/decoding.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Trace } from '../core/trace.js';
import { Weight } from '../core/weight.js';
import { guard, native } from '../native.js';
import * as ops from '../ops/index.js';

/** See the module documentation. */
export class DecodingStates implements Decoding {
  /** Sequences side by side. */
  readonly rows: number;
  /** The most steps of a sequence. */
  readonly length: number;
  /** Steps that went before, float32 `[1]`. */
  readonly position: SymbolicTensor;
  readonly #trace: Trace;
  readonly #isOpen: boolean;
  readonly #taken = new Map<string, number>();
  readonly #states: Weight[] = [];
  readonly #place: Weight;

  /** @param isOpen - States are inputs of the trace, rather than weights that are carried on. */
  constructor(trace: Trace, rows: number, length: number, isOpen: boolean) {
    this.#trace = trace;
    this.rows = rows;
    this.length = length;
    this.#isOpen = isOpen;
    // First, so that it is there whichever layers ask for it.
    this.#place = this.#state('position', [1]);
    this.position = trace.value(this.#place);
  }

  /** All states, in the order in which layers asked for them. */
  get states(): readonly Weight[] {
    return this.#states;
  }

  /** Says how many steps these are. */
  advance(steps: SymbolicTensor): void {
    this.keep(this.#place, ops.add(this.position, steps));
  }

  /** A state of the layer that is being traced, zeros before the first step. */
  state(name: string, shape: readonly number[]): Weight {
    return this.#state(`${this.#trace.path}/${name}`, shape);
  }

  #state(wanted: string, shape: readonly number[]): Weight {
    const count = this.#taken.get(wanted) ?? 0;
    this.#taken.set(wanted, count + 1);
    const path = count === 0 ? wanted : `${wanted}_${count}`;
    const variable = guard(() => native.NativeVariable.zeros(path, [...shape]));
    const name = path.split('/').at(-1) as string;
    const weight = new Weight(name, shape, variable, false, undefined, undefined, true);
    weight.path = path;
    this.#states.push(weight);
    if (this.#isOpen) this.#trace.assigned.set(weight, [this.#trace.input(path, shape, 'float32')]);
    return weight;
  }

  /** What a state is behind these steps. */
  keep(weight: Weight, next: SymbolicTensor): void {
    this.#trace.assigned.set(weight, [next]);
  }
}
