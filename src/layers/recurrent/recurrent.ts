/**
 * Recurrent layers: what they give of their steps, and in which order.
 */
import type { Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { Weight } from '../../core/weight.js';
import * as ops from '../../ops/index.js';
import { stepOf } from '../../ops/steps.js';
import type { CallOptionKinds } from '../arguments.js';
import { checkAxes } from '../input-axes.js';
import type { Layer } from '../layer.js';
import type { WeightOptions } from '../weights.js';
import { Alignment } from './alignment.js';
import { CarriedStates, DecodedStates } from './carried-states.js';
import type { RecurrentCallOptions, RecurrentSettings } from './recurrent-options.js';
import { Steps } from './steps.js';

/**
 * A recurrent layer: input `[batch, time, features]`, output `[batch, units]`, or `[batch, time, units]` with
 * `returnSequences`. Weights, as in Keras: `kernel` `[features, gates·units]`, `recurrent_kernel` `[units, gates·units]`,
 * `bias`. Masked steps keep the state.
 */
export abstract class Recurrent<C extends object, A extends unknown[]> extends Steps<C, A> {
  static override readonly takesOne: boolean = true;
  static override readonly callOptions: CallOptionKinds = { initialState: 'tensors' };
  /** @internal */
  readonly alignment = new Alignment();
  #carried: CarriedStates | undefined;

  get #settings(): RecurrentSettings {
    return this.options as unknown as RecurrentSettings;
  }

  override build(inputShape: Shape): void {
    checkAxes(this.name, inputShape, ['batch', 'time', 'features']);
    this.weightsFor(inputShape[2] ?? null);
    if (!this.#settings.stateful) return;
    const add = (name: string, options: WeightOptions): Weight => this.addWeight(name, options);
    this.#carried = new CarriedStates(this as unknown as Layer, inputShape, this.stateSize, add);
  }

  /** That of the input where all steps are given. */
  override computeMask([x]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    return this.#settings.returnSequences ? x?.mask : undefined;
  }

  override call(x: SymbolicTensor, options: RecurrentCallOptions = {}): SymbolicTensor | SymbolicTensor[] {
    const { returnSequences, returnState, goBackwards, zeroOutputForMask } = this.#settings;
    const aligned = this.alignment.isWithInputs || !goBackwards;
    const carried = DecodedStates.of(this as unknown as Layer, this.stateSize, goBackwards) ?? this.#carried;
    const states = [options.initialState ?? carried?.first(x) ?? []].flat() as SymbolicTensor[];
    const [all, ...last] = this.steps(x, states, { reverse: goBackwards, aligned });
    carried?.next(last, (weight, state) => this.assign(weight, state));
    let output = (returnSequences ? all : last[0]) as SymbolicTensor;
    if (zeroOutputForMask && x.mask) output = zeroed(output, x.mask, this.#settings, !aligned);
    return returnState ? [output, ...last] : output;
  }
}

/** The output of the last step, or those of all, which may stand in the opposite order; 0 where they do not count. */
export function zeroed(
  output: SymbolicTensor,
  mask: SymbolicTensor,
  { returnSequences, goBackwards }: Pick<RecurrentSettings, 'returnSequences' | 'goBackwards'>,
  isFlipped: boolean,
): SymbolicTensor {
  const counts = ops.expandDims(ops.cast(mask, 'float32'), -1);
  if (!returnSequences) return ops.mul(output, stepOf(counts, goBackwards ? 0 : -1));
  return ops.mul(output, isFlipped ? ops.flip(counts, 1) : counts);
}
