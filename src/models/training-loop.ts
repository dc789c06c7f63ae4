/**
 * The loop of a fit as JavaScript sees it: a native run tells of batches and epochs, callbacks have their say, and the
 * next request carries the verdict.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import type { Logs } from '../callbacks/logs.js';
import type { TrainedModel } from '../callbacks/trained-model.js';
import { isThenable } from '../core/check.js';
import { guard, type NativeEvent, type NativeRun } from '../native.js';
import { Ending } from './ending.js';
import type { FitResult } from './fit-options.js';
import { type BatchHooks, testBatches } from './followers.js';
import { add } from './history.js';
import type { Spot } from './place.js';
import type { Signal } from './signal.js';

/** A run, native or of batches that come one by one. */
export type Run = Pick<NativeRun, 'next' | 'cancel' | 'progress'>;

/** Milliseconds that callbacks have to settle when a run is to end. */
const GRACE = 300;

/** What a loop needs to know of its fit. */
export interface LoopOptions {
  readonly model: TrainedModel;
  readonly callbacks: readonly CallbackLike[];
  readonly epochs: number;
  /** Batches of an epoch, where that is known ahead. */
  readonly steps: number | undefined;
  readonly signal: Signal | undefined;
  /** Throws what an event reports as failure. */
  readonly check: (event: NativeEvent) => NativeEvent;
  /** Notes an epoch for good. */
  readonly record: (epoch: number, logs: Logs) => void;
  /** Notes more numbers of it. */
  readonly add: (numbers: readonly [key: string, value: number][]) => void;
  /** The epoch to begin with, or the batch of it to go on behind. */
  first(): Spot;
  /** Does what a fit that was not cut short ends with, before callbacks hear of the end. */
  readonly finish: () => Promise<void>;
  /** Names native numbers. */
  readonly logsOf: (values: readonly number[]) => Logs;
  /** True if a run trains other weights than the model does now. */
  isStale(): boolean;
}

/** Starts a run at a place, with a learning rate unless a schedule gives it. */
export type Start = (learningRate: number | undefined, first: Spot) => Run;

/** See the module documentation. */
export class TrainingLoop {
  readonly #fit: LoopOptions;
  readonly #history: Record<string, number[]> = {};
  readonly #epoch: number[] = [];
  #logs: Logs = {};
  #warned = false;
  #run: Run | undefined;
  readonly #cancelled = new Cancellation();
  /** Where the run stands still, while callbacks hear of a batch or of validation. */
  #place: Required<Spot> | undefined;
  /** The learning rate that the run was told last, unless the optimizer's schedule gives it. */
  #learningRate: number | undefined;

  constructor(fit: LoopOptions) {
    this.#fit = fit;
  }

  /** Where the run stands, once it has begun. */
  progress(): ReturnType<NativeRun['progress']> | undefined {
    return this.#run?.progress();
  }

  /** Where within an epoch it stands still, if it does. */
  get place(): Required<Spot> | undefined {
    return this.#place;
  }

  /** Ends the run within a batch. */
  cancel(): void {
    this.#cancelled.cancel();
    this.#run?.cancel();
  }

  async #each(say: (callback: CallbackLike) => unknown): Promise<void> {
    for (const callback of this.#fit.callbacks) await this.#tell(say(callback));
  }

  /** Waits for what a callback has said. One that never settles must not hold the end. */
  async #tell(said: unknown): Promise<void> {
    if (isThenable(said)) await this.#cancelled.or(said);
  }

  /**
   * Trains to the end.
   *
   * @param start - Called once callbacks have begun, and again where a run is stale.
   * @throws What a callback throws, the reason of the signal, or the failure of the run; the run is over then.
   */
  async run(start: Start): Promise<FitResult> {
    const { model, epochs, signal } = this.#fit;
    // It may have been while data was made ready; nobody would be told of it any more.
    if (signal?.aborted) throw signal.reason;
    const abort = (): void => this.cancel();
    model.stopTraining = false;
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await this.#each((c) => c.setModel?.(model));
      await this.#each((c) => c.setParams?.({ epochs, steps: this.#fit.steps }));
      await this.#train(start);
    } finally {
      this.#cancelled.end();
      signal?.removeEventListener('abort', abort);
    }
    if (signal?.aborted) throw signal.reason;
    return { history: this.#history, epoch: this.#epoch } as FitResult;
  }

  /** From the first of the hooks of training to the last. */
  async #train(start: Start): Promise<void> {
    const { model, epochs } = this.#fit;
    try {
      await this.#each((c) => c.prepare?.());
      await this.#each((c) => c.onTrainBegin?.({}));
      const first = this.#fit.first();
      const isLeft = first.epoch < epochs;
      // What was saved may have been about to stop.
      const trains = !model.stopTraining;
      const { epoch, batch, batches = 0 } = first;
      const begin = (): Promise<void> => this.#beginEpoch(first);
      if (trains && isLeft) await (batch > 0 ? this.#standing({ epoch, batch, batches }, begin) : begin());
      this.#learningRate = model.optimizer.fixedLearningRate;
      if (!trains || this.#cancelled.is) return;
      if (isLeft) {
        await this.#follow(start, first);
      }
      if (!this.#cancelled.is) await this.#fit.finish();
    } finally {
      await this.#each((c) => c.onTrainEnd?.(this.#logs));
    }
  }

  /** Has callbacks hear of the validation that `measure` is. */
  async tested<N extends number[] | undefined>(
    measure: (hooks: BatchHooks<readonly number[]> | undefined) => Promise<N>,
  ): Promise<N> {
    const { callbacks, logsOf } = this.#fit;
    const { epoch = 0, batches = 0 } = this.progress() ?? {};
    return this.#standing({ epoch, batch: batches, batches }, async () => {
      await this.#each((c) => c.onTestBegin?.({}));
      const isOver = (): boolean => this.#cancelled.is;
      const found = await measure(testBatches(callbacks, (say) => this.#each(say), logsOf, isOver));
      // A fit that was cut off is over, and nobody hears of the rest.
      if (isOver()) return found;
      await this.#each((c) => c.onTestEnd?.(found ? this.#fit.logsOf(found) : {}));
      return found;
    });
  }

  /** Does `work` while the run stands still at a place. */
  async #standing<T>(place: Required<Spot>, work: () => Promise<T>): Promise<T> {
    this.#place = place;
    try {
      return await work();
    } finally {
      this.#place = undefined;
    }
  }

  /** Follows runs to the end, of which each goes on where the one before it stood. */
  async #follow(start: Start, first: Spot): Promise<void> {
    let run = start(this.#learningRate, first);
    this.#run = run;
    let over = false;
    try {
      while (!over) {
        const verdict = this.#verdict();
        const event = await guard(() => run.next(verdict));
        over = event.kind === 'end';
        this.#fit.check(event);
        // The end brings the last epoch along, unless training stopped before it.
        if (event.logs.length > 0) {
          this.#logs = this.#fit.logsOf(event.logs);
          await (event.kind === 'batch' ? this.#batchEnd(event, run) : this.#epochEnd(event));
        }
        if (over || this.#fit.model.stopTraining || this.#cancelled.is || !this.#fit.isStale()) continue;
        await drain(run);
        over = true;
        this.#learningRate = this.#fit.model.optimizer.fixedLearningRate;
        run = start(this.#learningRate, behind(event));
        this.#run = run;
        over = false;
        // It may have been while the other one ended.
        if (this.#cancelled.is) run.cancel();
      }
    } catch (error) {
      if (!over) await drain(run);
      throw error;
    }
  }

  /** What callbacks want: of the learning rate, only a change. */
  #verdict(): Parameters<NativeRun['next']>[0] {
    const { stopTraining, optimizer } = this.#fit.model;
    const stop = stopTraining || this.#cancelled.is;
    const { fixedLearningRate: learningRate } = optimizer;
    if (learningRate === undefined || learningRate === this.#learningRate) return { stop };
    this.#learningRate = learningRate;
    return { stop, learningRate };
  }

  async #beginEpoch({ epoch, batch, batches }: Spot): Promise<void> {
    await this.#each((c) => c.onEpochBegin?.(epoch, {}));
    if (batches === undefined || batch < batches) await this.#each((c) => c.onTrainBatchBegin?.(batch, {}));
  }

  /** Notes numbers that callbacks have added to the logs of an epoch. */
  #addKeys(logs: Logs, own: Set<string>): void {
    const isNumber = (value: unknown): boolean => typeof value === 'number';
    const fits = ([key, value]: [string, unknown]): boolean => !own.has(key) && isNumber(value);
    const added = Object.entries(logs).filter((entry) => fits(entry) && !(entry[0] in Object.prototype));
    for (const [key] of added) own.add(key);
    add(this.#history, added);
    this.#fit.add(added);
  }

  async #batchEnd({ epoch, batch }: NativeEvent, run: Run): Promise<void> {
    const { batches } = run.progress();
    await this.#standing({ epoch, batch: batch + 1, batches }, async () => {
      await this.#each((c) => c.onTrainBatchEnd?.(batch, this.#logs));
      if (!this.#fit.model.stopTraining && batch + 1 < batches)
        await this.#each((c) => c.onTrainBatchBegin?.(batch + 1, {}));
    });
  }

  async #epochEnd({ epoch, validation }: NativeEvent): Promise<void> {
    const { model, epochs, logsOf } = this.#fit;
    const logs = this.#logs;
    for (const [key, value] of Object.entries(validation ? logsOf(validation) : {}))
      logs[`val_${key}`] = value;
    if (!this.#warned && !Number.isFinite(logs.loss)) {
      this.#warned = true;
      console.warn(`ridgeline: the loss of epoch ${epoch + 1} is ${logs.loss}${firstBad(model)}`);
    }
    this.#epoch.push(epoch);
    this.#fit.record(epoch, logs);
    add(this.#history, Object.entries(logs));
    const own = new Set(Object.keys(logs));
    for (const callback of this.#fit.callbacks) {
      await this.#tell(callback.onEpochEnd?.(epoch, logs));
      // At once: one that comes later may save the history.
      this.#addKeys(logs, own);
    }
    if (!model.stopTraining && epoch + 1 < epochs) await this.#beginEpoch({ epoch: epoch + 1, batch: 0 });
  }
}

/** That a run is to end: who waits is told when callbacks have had time to. */
class Cancellation extends Ending {
  is = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  cancel(): void {
    if (this.is) return;
    this.is = true;
    this.#timer = setTimeout(() => this.tell(), GRACE);
  }

  /** Says that nobody waits any more. */
  end(): void {
    clearTimeout(this.#timer);
  }
}

/** Where training goes on behind an event. */
const behind = ({ kind, epoch, batch }: NativeEvent): Spot =>
  kind === 'batch' ? { epoch, batch: batch + 1 } : { epoch: epoch + 1, batch: 0 };

/** Ends a run that nobody listens to any more, and waits until it has. */
async function drain(run: Run): Promise<void> {
  run.cancel();
  for (;;) {
    const event = await run.next({ stop: true });
    if (event.kind === 'end') return;
  }
}

/** Names the first layer with a weight that is not finite. */
function firstBad(model: TrainedModel): string {
  const bad = model.weights.find((weight) => weight.read().data.some((x: number) => !Number.isFinite(x)));
  return bad ? `; the first weight that is not finite is '${bad.path}'` : '';
}
