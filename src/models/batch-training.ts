/**
 * Training and evaluation on batches that come one by one: each is copied into native memory, worked on and let go.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import type { TrainedModel } from '../callbacks/trained-model.js';
import { type Batch, BatchReader, type BatchSource, isBatchSource, noBatch } from '../core/batches.js';
import type { DataInput } from '../core/data-input.js';
import { inTurns } from '../core/turns.js';
import { argumentError } from '../errors.js';
import { guard, type NativeCounters, type NativeEvent, type NativeTotals } from '../native.js';
import type { Compiled } from './compilation.js';
import type { CheckedFitOptions, FitOptions, Weighting } from './fit-options.js';
import type { BatchHooks } from './followers.js';
import { expectedRows, type LabelledData, uploadLabelled } from './labelled-data.js';
import { MeasuredBatches } from './measured-batches.js';
import type { NativePrograms } from './native-programs.js';
import type { Network } from './network.js';
import type { Spot } from './place.js';
import { StreamedRun } from './streamed-run.js';
import type { UploadedData } from './uploaded-data.js';

/** True if a callback is to hear of batches. */
export const hearsBatches = (callbacks: readonly CallbackLike[]): boolean =>
  callbacks.some((c) => c.onTrainBatchEnd || c.onTrainBatchBegin);

/** True if a callback is to hear of validation. */
export const hearsTests = (callbacks: readonly CallbackLike[]): boolean =>
  callbacks.some((c) => c.onTestBegin || c.onTestEnd || c.onTestBatchBegin || c.onTestBatchEnd);

/** The batches to train on, and those to validate on if they come as batches too. */
export interface BatchReaders {
  readonly fed: BatchReader;
  readonly held: BatchReader | undefined;
}

/**
 * Readers for a fit on batches.
 * @throws {RidgelineError} `ERR_ARGUMENT` for options that batches leave no room for, or that they need.
 */
export function batchReaders(
  source: BatchSource,
  options: FitOptions,
  given: CheckedFitOptions,
): BatchReaders {
  for (const name of ['batchSize', 'validationSplit', 'sampleWeight'] as const) {
    if (options[name] !== undefined) throw argumentError(name, 'left out for data in batches', options[name]);
  }
  if (options.shuffle)
    throw argumentError('shuffle', 'false for data in batches, which come as they are', true);
  return { fed: reader('x', source, given, 'stepsPerEpoch'), held: heldReader(options, given) };
}

function reader(
  argument: string,
  source: BatchSource,
  given: CheckedFitOptions,
  limit: 'stepsPerEpoch' | 'validationSteps',
): BatchReader {
  const made = new BatchReader(argument, source);
  if (made.restarts || given[limit] !== undefined) return made;
  throw argumentError(limit, 'given for batches that go on from epoch to epoch', undefined);
}

/**
 * A reader of validation data, if it comes in batches.
 * @throws {RidgelineError} `ERR_ARGUMENT` where `validationSteps` is missing, or given for other data.
 */
export function heldReader(options: FitOptions, given: CheckedFitOptions): BatchReader | undefined {
  const { validationData, validationSteps } = options;
  if (isBatchSource(validationData))
    return reader('validationData', validationData, given, 'validationSteps');
  if (validationSteps === undefined) return undefined;
  throw argumentError(
    'validationSteps',
    'left out for validation data that is not in batches',
    validationSteps,
  );
}

/** What training on batches needs of a model's training. */
export interface BatchContext {
  readonly model: Network & TrainedModel;
  readonly compiled: Compiled;
  readonly programs: NativePrograms;
  readonly counters: NativeCounters;
  /** @throws {RidgelineError} `ERR_DISPOSED`. */
  checkAlive(): void;
  /** Throws what an event reports as failure. */
  check(event: NativeEvent): NativeEvent;
}

/** Options of a run on batches. */
export interface BatchRunOptions extends CheckedFitOptions {
  readonly classWeight: Weighting['classWeight'];
  readonly learningRate: number | undefined;
  /** The epoch to begin with, or the batch of it to go on behind. */
  readonly first: Spot;
  /** Of the batches of that epoch that were trained before, then of the epoch under way. */
  readonly totals: NativeTotals;
  /** Logs of validation data that does not come in batches, if there is some. */
  validate(hooks: Hooks): Promise<number[] | undefined>;
  /** Has callbacks hear of validation. */
  tested(measure: (hooks: Hooks) => Promise<number[] | undefined>): Promise<number[] | undefined>;
}

/** Who hears of batches that are measured. */
type Hooks = BatchHooks<readonly number[]> | undefined;

/** See the module documentation. */
export class BatchTraining {
  readonly #of: BatchContext;

  constructor(of: BatchContext) {
    this.#of = of;
  }

  /** A batch in native memory, for as long as `work` takes. */
  async #with<T>(
    { x, y, sampleWeight }: Batch,
    classWeight: Weighting['classWeight'],
    work: (rows: LabelledData, data: UploadedData) => Promise<T>,
  ): Promise<T> {
    const { model, compiled } = this.#of;
    const { rows, data } = await inTurns(
      uploadLabelled(model, compiled, x, y as DataInput, { sampleWeight, classWeight }),
    );
    try {
      this.#of.checkAlive();
      return await work(rows, data);
    } finally {
      data.release();
    }
  }

  /** Loss, penalty and metrics of validation data in batches. */
  async validate(reader: BatchReader, given: CheckedFitOptions, hooks: Hooks): Promise<number[]> {
    const logs = await this.#measure(reader, given.validationSteps, given.threads, hooks);
    if (reader.restarts) reader.close();
    return logs;
  }

  /** Loss, penalty and metrics of batches, so many at most. */
  async #measure(
    reader: BatchReader,
    steps: number | undefined,
    threads: number | undefined,
    hooks: Hooks,
  ): Promise<number[]> {
    const { programs } = this.#of;
    const measured = new MeasuredBatches(this.#of.model, threads, hooks);
    try {
      for (let step = 0; step !== steps && !hooks?.isOver(); step++) {
        const batch = await this.#of.model.end.or(reader.next());
        this.#of.model.checkAlive();
        if (!batch && step === 0) throw noBatch(reader);
        if (!batch) break;
        await this.#with(batch, undefined, (rows, { handles }) =>
          measured.add(programs.evaluator(rows), handles, 0, Number.POSITIVE_INFINITY),
        );
      }
      return measured.logs;
    } finally {
      measured.release();
    }
  }

  /** As {@link Training.evaluate}, of batches. */
  async evaluate(
    reader: BatchReader,
    steps: number | undefined,
    threads: number | undefined,
    hooks: Hooks,
  ): Promise<number[]> {
    try {
      return await this.#measure(reader, steps, threads, hooks);
    } finally {
      reader.close();
    }
  }

  /** A fit. */
  run({ fed, held }: BatchReaders, options: BatchRunOptions): StreamedRun {
    const { model, compiled, programs, counters, check } = this.#of;
    const { threads, classWeight, totals } = options;
    return new StreamedRun({
      batches: fed,
      first: options.first,
      logsBefore: totals.logs(),
      describe: () => void programs.trainer(expectedRows(model, compiled)),
      epochs: options.epochs,
      steps: options.stepsPerEpoch,
      validationFrequency: options.validationFreq,
      batchReports: hearsBatches(options.callbacks),
      learningRate: options.learningRate,
      beginEpoch: () => {
        counters.beginEpoch();
        totals.write([]);
      },
      step: (batch, learningRate, signal, copied) =>
        this.#with(batch, classWeight, async (rows, { handles }) => {
          const trainer = programs.trainer(rows);
          const step = guard(() => trainer.step(handles, learningRate, threads, totals, signal));
          copied();
          const event = await step;
          if (event.failure?.code === 'ERR_INTERRUPTED') return undefined;
          check(event);
          return totals.logs();
        }),
      validate: () =>
        options.tested((hooks) => (held ? this.validate(held, options, hooks) : options.validate(hooks))),
    });
  }
}
