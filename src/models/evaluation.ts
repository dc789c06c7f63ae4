/**
 * Evaluation of a compiled model: its numbers on rows or batches, and rows in native memory for as long as that takes.
 */
import type { TrainedModel } from '../callbacks/trained-model.js';
import { BatchReader, type BatchSource } from '../core/batches.js';
import { options as checkOptions, threads as checkThreads, count } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { inTurns } from '../core/turns.js';
import { batchSizeOf } from './batch-size.js';
import type { BatchTraining } from './batch-training.js';
import type { Compiled } from './compilation.js';
import type { EvaluateOptions, Weighting } from './fit-options.js';
import { FOLLOWED, Followers } from './followers.js';
import { type LabelledData, uploadLabelled } from './labelled-data.js';
import { logsOf, type Measured, measured, metricKeys, withLogs } from './log-keys.js';
import type { Measure } from './loss-graph.js';
import { type Measuring, measure } from './measured-batches.js';
import type { NativePrograms } from './native-programs.js';
import type { Network } from './network.js';
import type { UploadedData } from './uploaded-data.js';

/** What is evaluated, with what. */
export interface Evaluated {
  readonly model: Network & TrainedModel;
  readonly compiled: Compiled;
  readonly programs: NativePrograms;
  readonly batches: BatchTraining;
  /** Throws `ERR_DISPOSED` once the model is disposed. */
  readonly checkAlive: () => void;
}

/** See the module documentation. */
export class Evaluation {
  readonly #of: Evaluated;

  constructor(of: Evaluated) {
    this.#of = of;
  }

  /** Keys of the metrics in logs. */
  get keys(): string[] {
    return metricKeys(this.#of.model.outputNames, this.#of.compiled);
  }

  /** What the numbers of a program say. */
  names<T>(
    say: (keys: readonly string[], measures: readonly Measure[], numbers: readonly number[]) => T,
  ): (numbers: readonly number[]) => T {
    // A model without input yet learns its outputs with its first data.
    return (numbers) => {
      const { measures, logs } = this.#of.programs;
      return say(withLogs(this.keys, logs), measures, numbers);
    };
  }

  /** Does `work` with rows in native memory. */
  async withRows<T>(
    x: DataInput,
    y: DataInput,
    weighting: Weighting,
    work: (rows: LabelledData, data: UploadedData) => T | Promise<T>,
  ): Promise<T> {
    const { model, compiled, checkAlive } = this.#of;
    const { rows, data } = await inTurns(uploadLabelled(model, compiled, x, y, weighting));
    try {
      checkAlive();
      return await work(rows, data);
    } finally {
      data.release();
    }
  }

  /** Loss, penalty and metrics of rows in native memory. */
  measure(rows: LabelledData, data: UploadedData, how: Measuring): Promise<number[]> {
    const { model, programs } = this.#of;
    return measure(model, programs.evaluator(rows), data, how);
  }

  /** {@link Model.evaluate} */
  async evaluate(x: DataInput, y: DataInput, options: EvaluateOptions): Promise<Measured> {
    const { model } = this.#of;
    const names = ['batchSize', 'sampleWeight', 'threads', 'steps', ...FOLLOWED] as const;
    const given = checkOptions('evaluate', options, names);
    const size = batchSizeOf(model, 'batchSize', given.batchSize);
    checkThreads(given.threads);
    const most = given.steps === undefined ? Number.POSITIVE_INFINITY : count('steps', given.steps);
    const followers = new Followers(given);
    const numbers = await this.withRows(x, y, given, (rows, data) => {
      const steps = Math.min(most, Math.ceil(data.rows / size));
      return followers.tested(model, steps, this.names(logsOf), (hooks) =>
        this.measure(rows, data, { size, steps, hooks, threads: given.threads }),
      );
    });
    return this.names(measured)(numbers);
  }

  /** {@link Model.evaluate}, of batches. */
  async evaluateBatches(source: BatchSource, options: EvaluateOptions): Promise<Measured> {
    const { model, batches } = this.#of;
    const given = checkOptions('evaluate', options, ['steps', 'threads', ...FOLLOWED]);
    const { steps, threads } = given;
    checkThreads(threads);
    if (steps !== undefined) count('steps', steps);
    const followers = new Followers(given);
    const reader = new BatchReader('x', source);
    const logs = await followers.tested(model, steps, this.names(logsOf), (hooks) =>
      batches.evaluate(reader, steps, threads, hooks),
    );
    return this.names(measured)(logs);
  }
}
