/**
 * A fit from batches that come one by one, as a native run would tell of it: it fetches a batch while the step of the
 * one before it runs.
 */
import { type Batch, type BatchReader, noBatch } from '../core/batches.js';
import { type NativeEvent, type NativeRun, type NativeSignal, native } from '../native.js';
import { Ending } from './ending.js';
import type { Spot } from './place.js';

/** What a streamed run needs to know. */
export interface StreamedRunOptions {
  readonly batches: BatchReader;
  /** The epoch to begin with, or the batch of it to go on behind: batches that begin anew are passed over up to there. */
  readonly first: Spot;
  /** Logs of those batches. */
  readonly logsBefore: number[];
  /** Finds out what logs are of, where no batch will say so. */
  describe(): void;
  readonly epochs: number;
  /** Batches of an epoch; `undefined` for all there are. */
  readonly steps: number | undefined;
  readonly validationFrequency: number;
  /** Events at the end of batches too. */
  readonly batchReports: boolean;
  readonly learningRate: number | undefined;
  /** Begins an epoch. */
  beginEpoch(): void;
  /** Makes a step with a batch, and says when it has been copied; the epoch's logs so far, none if the signal ended it. */
  step(
    batch: Batch,
    learningRate: number | undefined,
    signal: NativeSignal,
    copied: () => void,
  ): Promise<number[] | undefined>;
  /** Logs of the validation data, if there are any. */
  validate(): Promise<number[] | undefined>;
}

type Verdict = Parameters<NativeRun['next']>[0];

/** See the module documentation. */
export class StreamedRun implements Pick<NativeRun, 'next' | 'cancel' | 'progress'> {
  readonly #of: StreamedRunOptions;
  readonly #events: AsyncGenerator<NativeEvent, undefined, Verdict>;
  #verdict: Verdict = { stop: false };
  #learningRate: number | undefined;
  readonly #signal = new native.NativeSignal();
  readonly #cancelled = new Ending();
  #place = { epoch: 0, batch: 0, batches: 0, loss: 0 };

  constructor(of: StreamedRunOptions) {
    this.#of = of;
    this.#learningRate = of.learningRate;
    this.#events = this.#run();
  }

  async next(verdict: Verdict): Promise<NativeEvent> {
    this.#verdict = verdict;
    this.#learningRate = verdict.learningRate ?? this.#learningRate;
    const { value } = await this.#events.next(verdict);
    const event = value ?? { kind: 'end', epoch: 0, batch: 0, logs: [] };
    if (event.kind === 'end') await this.#events.return(undefined);
    return event;
  }

  cancel(): void {
    this.#signal.tell();
    this.#cancelled.tell();
  }

  progress(): ReturnType<NativeRun['progress']> {
    return this.#place;
  }

  /** The next batch; none at the end, or when nobody wants any more. */
  async #fetch(): Promise<Batch | undefined> {
    return this.#cancelled.or(this.#of.batches.next());
  }

  async *#run(): AsyncGenerator<NativeEvent, undefined, Verdict> {
    const { batches, first, epochs, validationFrequency, beginEpoch, validate } = this.#of;
    try {
      for (let epoch = first.epoch; epoch < epochs; epoch++) {
        if (this.#cancelled.isTold) return undefined;
        const done = epoch === first.epoch ? first.batch : 0;
        if (done === 0) beginEpoch();
        const logs = yield* this.#epoch(epoch, done);
        if (this.#cancelled.isTold) return undefined;
        // What was trained before is not lost for it.
        if (!logs) {
          if (epoch === first.epoch) throw noBatch(batches);
          console.warn(
            `ridgeline: ${batches.argument} had no batch left for epoch ${epoch + 1}; training ends with the one before it`,
          );
          return undefined;
        }
        const validation =
          (epoch + 1) % validationFrequency === 0 ? await this.#cancelled.or(validate()) : undefined;
        if (this.#cancelled.isTold) return undefined;
        const kind = epoch + 1 === epochs ? 'end' : 'epoch';
        yield { kind, epoch, batch: 0, logs, ...(validation ? { validation } : {}) };
        if (this.#verdict.stop) return undefined;
      }
    } finally {
      batches.close();
    }
    return undefined;
  }

  /** The batches of one epoch; its logs, none if there was no batch. */
  async *#epoch(epoch: number, done: number): AsyncGenerator<NativeEvent, number[] | undefined, Verdict> {
    const { batches, steps, batchReports, step, logsBefore, first, describe } = this.#of;
    let logs = done > 0 ? logsBefore : undefined;
    if (done > 0)
      this.#place = { epoch, batch: done, batches: steps ?? first.batches ?? done, loss: logs?.[0] ?? 0 };
    let isOver = done === steps;
    for (let passed = 0; passed < done && batches.restarts && !isOver; passed++)
      isOver = (await this.#fetch()) === undefined;
    let current = isOver ? undefined : await this.#fetch();
    let batch = done;
    for (; current && !this.#cancelled.isTold; batch++) {
      let following: Promise<Batch | undefined> | undefined;
      const isLast = batch + 1 === steps;
      // The next one comes while this one's step runs, and not before: its source may use the same memory again.
      const made = await step(current, this.#learningRate, this.#signal, () => {
        following = isLast ? undefined : this.#fetch();
        following?.catch(() => {});
      });
      if (!made) break;
      logs = made;
      current = await following;
      const more = current ? batch + 2 : batch + 1;
      this.#place = { epoch, batch: batch + 1, batches: steps ?? more, loss: logs[0] ?? 0 };
      if (!batchReports) continue;
      yield { kind: 'batch', epoch, batch, logs };
      if (this.#verdict.stop) break;
    }
    if (batch > 0 && steps !== undefined && batch < steps && !this.#cancelled.isTold && !this.#verdict.stop)
      console.warn(
        `ridgeline: epoch ${epoch + 1} had ${batch} batches, fewer than the ${steps} of stepsPerEpoch`,
      );
    if (batches.restarts) batches.close();
    if (logs === logsBefore) describe();
    return logs;
  }
}
