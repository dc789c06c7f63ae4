/**
 * Calls of a layer on tensors of the functional API: what it was called on and what it gave.
 */
import type { Call, SymbolicTensor } from '../core/symbolic.js';
import { RidgelineError } from '../errors.js';

/** One tensor of the functional API, or several. */
// biome-ignore lint/suspicious/noExplicitAny: how many there are is known where the layer is called.
export type RecordedTensors = any;

const whole = (of: readonly SymbolicTensor[]): RecordedTensors => (of.length === 1 ? of[0] : of);

/** See the module documentation. Two tell that there is not one, so no more are kept. */
export class RecordedCalls {
  readonly #calls: Call[] = [];

  /** Notes a call. */
  add(call: Call): void {
    if (this.#calls.length < 2) this.#calls.push(call);
  }

  /** Forgets all. */
  clear(): void {
    this.#calls.length = 0;
  }

  /**
   * The only one, of the layer called `layer`.
   * @throws {RidgelineError} `ERR_ARGUMENT` unless there is one.
   */
  only(layer: string): { readonly input: RecordedTensors; readonly output: RecordedTensors } {
    const [call, another] = this.#calls;
    if (call && !another) return { input: whole(call.inputs), output: whole(call.outputs) };
    const many = another ? 'was called several times: keep what the calls give' : 'was not called yet';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${layer}' ${many}`, { layer });
  }
}
