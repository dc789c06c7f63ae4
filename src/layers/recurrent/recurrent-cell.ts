/**
 * Cells: one step of a recurrent layer, for `rnn`.
 */
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Steps } from './steps.js';

/**
 * A cell: called with an input `[batch, features]` and a list of its states, gives a list of its output and the next
 * states, each `[batch, units]`. In `rnn` all steps are one native op.
 */
export abstract class RecurrentCell<C extends object, A extends unknown[]> extends Steps<C, A> {
  /** Set while it goes through a whole sequence: whether backwards. */
  #reverse: boolean | undefined;

  override build(inputShape: Shape): void {
    this.weightsFor(inputShape.at(-1) ?? null);
  }

  /** Who goes through time with it says what counts. */
  override computeMask(): undefined {}

  override call(x: SymbolicTensor, states: readonly SymbolicTensor[]): SymbolicTensor[] {
    if (!(x instanceof SymbolicTensor) || !Array.isArray(states))
      throw argumentError('inputs', 'a tensor and a list of states', [x, states]);
    if (this.#reverse !== undefined) return this.steps(x, states, { reverse: this.#reverse, aligned: true });
    const [output, ...next] = this.steps(ops.expandDims(x, 1), states, { reverse: false, aligned: true });
    return [ops.squeeze(output as SymbolicTensor, 1), ...next];
  }

  /** @internal All outputs of a sequence, where their inputs stand, and the last states. */
  overAll(x: SymbolicTensor, states: readonly SymbolicTensor[], reverse: boolean): SymbolicTensor[] {
    this.#reverse = reverse;
    try {
      return this.invoke([x, [...states]]) as SymbolicTensor[];
    } finally {
      this.#reverse = undefined;
    }
  }
}
