/**
 * The optimizer's state: slots of each weight, such as momenta, made when they are first asked for.
 */
import { copyVariables, swapVariables } from '../core/copies.js';
import type { Weight } from '../core/weight.js';
import { guard, type NativeVariable } from '../native.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { newState } from '../optimizers/own-update.js';

/** See the module documentation. It outlives programs, so that a changed model goes on where it was. */
export class OptimizerState {
  readonly #optimizer: Optimizer;
  readonly #slots = new Map<Weight, NativeVariable[]>();
  /** True while moving averages are in the place of their weights. */
  areAveragesIn = false;
  /** Those weights, which may be trained no more. */
  #swapped: readonly Weight[] | undefined;

  constructor(optimizer: Optimizer) {
    this.#optimizer = optimizer;
  }

  /** True until a weight has slots. */
  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  /** True if a weight has slots. */
  has(weight: Weight): boolean {
    return this.#slots.has(weight);
  }

  /** Weights that have moving averages, and those. */
  #averaged(weights: readonly Weight[]): [weights: NativeVariable[], averages: NativeVariable[]] {
    const averages = (weight: Weight): boolean => this.#optimizer.partOf(weight).options.useEma;
    const averaged = weights.filter((weight) => this.has(weight) && averages(weight));
    const variables = averaged.map((weight) => weight.variable);
    // The last slot.
    return [variables, averaged.map((weight) => this.slots(weight).at(-1) as NativeVariable)];
  }

  /** Puts the moving averages of weights in their place, if any are kept. */
  async takeAverages(weights: readonly Weight[]): Promise<void> {
    if (this.areAveragesIn) await this.swapAverages(weights);
    const [variables, averages] = this.#averaged(weights);
    if (variables.length > 0) await copyVariables(averages, variables);
  }

  /** Swaps weights and their moving averages; back again, the same ones. */
  async swapAverages(weights: readonly Weight[]): Promise<void> {
    const swapped = this.#swapped ?? weights;
    await swapVariables(...this.#averaged(swapped));
    this.areAveragesIn = !this.areAveragesIn;
    this.#swapped = this.areAveragesIn ? [...swapped] : undefined;
  }

  /**
   * The slots of a weight, zero at first.
   * @throws {RidgelineError} `ERR_MEMORY`.
   */
  slots(weight: Weight): NativeVariable[] {
    let slots = this.#slots.get(weight);
    if (!slots) {
      const part = this.#optimizer.partOf(weight);
      slots = [...newState(part, weight), ...guard(() => part.native.slots(weight.variable))];
      this.#slots.set(weight, slots);
    }
    return slots;
  }
}
