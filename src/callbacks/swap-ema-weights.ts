/**
 * Puts the moving averages of weights in their place where a model is measured.
 */
import { boolean, type Settled, settle, type Table } from '../core/options.js';
import { argumentError } from '../errors.js';
import { Callback } from './callback.js';

/** Options of {@link SwapEmaWeights}. */
export interface SwapEmaWeightsOptions {
  /**
   * Leaves the averages in place from the end of an epoch to the beginning of the next, for callbacks behind this one,
   * such as a checkpoint. Default false: for validation alone.
   */
  readonly swapOnEpoch?: boolean | undefined;
}

const TABLE: Table<SwapEmaWeightsOptions> = { swapOnEpoch: boolean(false) };

/** See {@link swapEmaWeights}. */
export class SwapEmaWeights extends Callback {
  readonly #options: Settled<SwapEmaWeightsOptions>;

  constructor(options: SwapEmaWeightsOptions = {}) {
    super();
    this.#options = settle('swapEmaWeights', TABLE, [options]);
  }

  async #put(areIn: boolean): Promise<void> {
    const { training } = this.model;
    if (training.areAveragesIn !== areIn) await training.swapAverages();
  }

  override onTrainBegin(): void {
    const { name, parts } = this.model.optimizer;
    if (!parts.some(({ options }) => options.useEma))
      throw argumentError('swapEmaWeights', 'with an optimizer that has useEma', name);
  }

  override onEpochBegin(): Promise<void> {
    return this.#put(false);
  }

  override onTestBegin(): Promise<void> {
    return this.#put(true);
  }

  override onTestEnd(): Promise<void> {
    return this.#put(false);
  }

  override async onEpochEnd(): Promise<void> {
    if (this.#options.swapOnEpoch) await this.#put(true);
  }

  override async onTrainEnd(): Promise<void> {
    // Where a fit was cut short, the weights are as training left them.
    if (!this.model.training.hasFinished) await this.#put(false);
  }
}

/**
 * Validates with the moving averages of weights, which an optimizer with `useEma` keeps, in their place.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and from `fit` where the optimizer keeps no averages.
 */
export const swapEmaWeights = (options?: SwapEmaWeightsOptions): SwapEmaWeights =>
  new SwapEmaWeights(options);
