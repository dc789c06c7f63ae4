/**
 * Callbacks that follow a verb besides `fit`: an evaluation, also that of a fit, or a prediction.
 */
import type { CallbackLike, PredictedLogs } from '../callbacks/callback.js';
import type { Logs } from '../callbacks/logs.js';
import type { TrainedModel } from '../callbacks/trained-model.js';
import { VerbBar } from '../callbacks/verb-bar.js';
import { callbackList, type Verbose } from './callback-list.js';

/** Who follows a verb. */
export interface FollowedOptions {
  /** Who follows it. Default nobody. */
  readonly callbacks?: readonly CallbackLike[] | undefined;
  /** 1 or `'auto'` shows a bar on a terminal, 2 a line; 0 nothing. Default 0. */
  readonly verbose?: Verbose | undefined;
}

/** Names of {@link FollowedOptions}. */
export const FOLLOWED = ['callbacks', 'verbose'] as const;

/** What is said before and behind each batch, which gives an `R`. */
export interface BatchHooks<R> {
  /** True once nobody waits for the rest. */
  isOver(): boolean;
  begin(batch: number): Promise<void>;
  end(batch: number, result: R): Promise<void>;
}

/** Says something to each callback, in their order, and waits for what it does. */
export type Tell = (say: (callback: CallbackLike) => unknown) => Promise<void>;

/** What is said of batches that are measured, if somebody hears of them. */
export function testBatches(
  callbacks: readonly CallbackLike[],
  tell: Tell,
  logsOf: (numbers: readonly number[]) => Logs,
  isOver: () => boolean = () => false,
): BatchHooks<readonly number[]> | undefined {
  if (!callbacks.some((c) => c.onTestBatchBegin || c.onTestBatchEnd)) return undefined;
  return {
    isOver,
    begin: (batch) => tell((c) => c.onTestBatchBegin?.(batch, {})),
    end: (batch, numbers) => tell((c) => c.onTestBatchEnd?.(batch, logsOf(numbers))),
  };
}

/** See the module documentation. */
export class Followers {
  readonly #callbacks: readonly CallbackLike[];
  #bar: VerbBar | undefined;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for what is no list of callbacks. */
  constructor(options: FollowedOptions) {
    this.#callbacks = callbackList({ ...options, verbose: options.verbose ?? 0 }, (style) => {
      this.#bar = new VerbBar(style);
      return this.#bar;
    });
  }

  readonly #tell: Tell = async (say) => {
    for (const callback of this.#callbacks) await say(callback);
  };

  async #begin(model: TrainedModel, steps: number | undefined): Promise<void> {
    await this.#tell((c) => c.setModel?.(model));
    await this.#tell((c) => c.setParams?.({ epochs: 1, steps }));
  }

  /** Has them follow an evaluation of so many batches, if these are known. */
  async tested(
    model: TrainedModel,
    steps: number | undefined,
    logsOf: (numbers: readonly number[]) => Logs,
    measure: (hooks: BatchHooks<readonly number[]> | undefined) => Promise<number[]>,
  ): Promise<number[]> {
    if (this.#callbacks.length === 0) return measure(undefined);
    try {
      await this.#begin(model, steps);
      await this.#tell((c) => c.onTestBegin?.({}));
      const found = await measure(testBatches(this.#callbacks, this.#tell, logsOf));
      await this.#tell((c) => c.onTestEnd?.(logsOf(found)));
      return found;
    } finally {
      this.#bar?.stop();
    }
  }

  /** Has them follow a prediction of so many batches, if these are known. */
  async predicted<T>(
    model: TrainedModel,
    steps: number | undefined,
    predict: (hooks: BatchHooks<PredictedLogs['outputs']> | undefined) => Promise<T>,
  ): Promise<T> {
    if (this.#callbacks.length === 0) return predict(undefined);
    const hears = this.#callbacks.some((c) => c.onPredictBatchBegin || c.onPredictBatchEnd);
    const hooks: BatchHooks<PredictedLogs['outputs']> = {
      isOver: () => false,
      begin: (batch) => this.#tell((c) => c.onPredictBatchBegin?.(batch, {})),
      end: (batch, outputs) => this.#tell((c) => c.onPredictBatchEnd?.(batch, { outputs })),
    };
    try {
      await this.#begin(model, steps);
      await this.#tell((c) => c.onPredictBegin?.({}));
      const found = await predict(hears ? hooks : undefined);
      await this.#tell((c) => c.onPredictEnd?.({}));
      return found;
    } finally {
      this.#bar?.stop();
    }
  }
}
