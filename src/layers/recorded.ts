/**
 * What a layer was called on in the functional API, and what it gave.
 */
import type { Call, SymbolicTensor } from '../core/symbolic.js';
import { RidgelineError } from '../errors.js';
import { Calling } from './calling.js';

/** One tensor of the functional API, or several. */
// biome-ignore lint/suspicious/noExplicitAny: how many there are is known where the layer is called.
export type RecordedTensors = any;

const whole = (of: readonly SymbolicTensor[]): RecordedTensors => (of.length === 1 ? of[0] : of);

/** See the module documentation. */
export abstract class Recorded extends Calling {
  /** Two tell that there is not one, so no more are kept. */
  readonly #calls: Call[] = [];

  /**
   * What the layer was called on in the functional API, or in a Sequential: one tensor, or a list.
   * @throws {RidgelineError} `ERR_ARGUMENT` unless it was called once.
   */
  get input(): RecordedTensors {
    return whole(this.#only.inputs);
  }

  /**
   * What it gave, as {@link Recorded.input}: `new Model({ inputs: model.inputs, outputs: layer.output })`.
   * @throws {RidgelineError} `ERR_ARGUMENT` unless it was called once.
   */
  get output(): RecordedTensors {
    return whole(this.#only.outputs);
  }

  /** Notes a call. */
  protected record(call: Call): void {
    if (this.#calls.length < 2) this.#calls.push(call);
  }

  /** @internal Forgets calls, before it is called anew in the same place. */
  forgetCalls(): void {
    this.#calls.length = 0;
  }

  get #only(): Call {
    const [call, another] = this.#calls;
    if (call && !another) return call;
    const many = another ? 'was called several times: keep what the calls give' : 'was not called yet';
    throw new RidgelineError('ERR_ARGUMENT', `layer '${this.name}' ${many}`, { layer: this.name });
  }
}
