/**
 * Adafactor (Shazeer & Stern 2018): second moments of matrices kept as means of their rows and columns, and steps as long
 * as the weights are: `w ← w − max(ε₂, rms(w))·ρₜ·û` with `û = u/max(1, rms(u)/d)`, `u = g/√v`, `ρₜ = min(lr, 1/√t)`.
 */
import { boolean, nonNegative, notPositive, positive, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { common, Optimizer, type OptimizerArguments, type OptimizerOptions } from './optimizer.js';
import type { StateShapes, UpdateArguments, Updated } from './own-update.js';

/** Options of {@link adafactor}. */
export interface AdafactorOptions extends OptimizerOptions {
  /** Power of the step in the decay of the second moments, `1 − t^power`; at most 0. Default -0.8. */
  readonly beta2Decay?: number | undefined;
  /** Added to the squares of gradients. Default 1e-30. */
  readonly epsilon1?: number | undefined;
  /** The least that a weight's root mean square is taken for. Default 1e-3. */
  readonly epsilon2?: number | undefined;
  /** The root mean square that an update is cut to. Default 1. */
  readonly clipThreshold?: number | undefined;
  /**
   * As in Keras, which cuts the learning rate to `1/√t` once more where it is a number; it is cut in either case. Default
   * true.
   */
  readonly relativeStep?: boolean | undefined;
}

const rms = (x: SymbolicTensor): SymbolicTensor => ops.sqrt(ops.mean(ops.square(x)));

/** Adafactor. */
export class Adafactor extends Optimizer<AdafactorOptions> {
  static override readonly optimizerName: string = 'adafactor';
  static override readonly options: Table<AdafactorOptions> = {
    ...common(0.001),
    beta2Decay: notPositive(-0.8),
    epsilon1: nonNegative(1e-30),
    epsilon2: nonNegative(1e-3),
    clipThreshold: positive(1),
    relativeStep: boolean(true),
  };

  override state(shape: readonly number[]): StateShapes {
    if (shape.length < 2) return { velocity: shape };
    return { rows: shape.slice(0, -1), columns: [...shape.slice(0, -2), shape.at(-1) as number] };
  }

  override update({ weight, gradient, state, learningRate, step }: UpdateArguments): Updated {
    const { beta2Decay, epsilon1, epsilon2, clipThreshold } = this.options;
    const rho = ops.minimum(learningRate, ops.rsqrt(step));
    const length = ops.mul(ops.maximum(rms(weight), epsilon2), rho);
    const squares = ops.add(ops.square(gradient), epsilon1);
    // 1 − β₂, which is 1 at the first step: no mean knows of its beginning.
    const rest = ops.pow(step, beta2Decay);
    const follow = (moment: SymbolicTensor, x: SymbolicTensor): SymbolicTensor =>
      ops.add(ops.mul(ops.sub(1, rest), moment), ops.mul(rest, x));
    const [next, velocity] = this.#moments(state, squares, follow);
    const update = ops.div(gradient, ops.sqrt(velocity));
    const cut = ops.maximum(ops.div(rms(update), clipThreshold), 1);
    return { weight: ops.sub(weight, ops.mul(length, ops.div(update, cut))), state: next };
  }

  /** What is kept, and the second moments that follow from it. */
  #moments(
    { velocity, rows, columns }: UpdateArguments['state'],
    squares: SymbolicTensor,
    follow: (moment: SymbolicTensor, x: SymbolicTensor) => SymbolicTensor,
  ): [Record<string, SymbolicTensor>, SymbolicTensor] {
    if (velocity) {
      const next = follow(velocity, squares);
      return [{ velocity: next }, next];
    }
    const r = follow(rows as SymbolicTensor, ops.mean(squares, { axis: -1 }));
    const c = follow(columns as SymbolicTensor, ops.mean(squares, { axis: -2 }));
    const share = ops.div(r, ops.mean(r, { axis: -1, keepdims: true }));
    return [{ rows: r, columns: c }, ops.mul(ops.expandDims(share, -1), ops.expandDims(c, -2))];
  }
}

/**
 * Adafactor (Shazeer & Stern 2018), which keeps little for each weight. Default learning rate 0.001.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export const adafactor = (...given: OptimizerArguments<AdafactorOptions>): Adafactor =>
  new Adafactor(...given);
