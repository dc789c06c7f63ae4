/**
 * Training of a model: its verbs, one at a time, and what lasts from one to the next.
 */
import type { CallbackLike, Logs } from '../callbacks/callback.js';
import { boolean, options as checkOptions, count, number } from '../core/check.js';
import { argumentError, RidgelineError } from '../errors.js';
import {
  guard,
  type NativeCounters,
  type NativeEvent,
  type NativeRun,
  native,
  succeeded,
} from '../native.js';
import { type DataInput, Uploaded } from './batches.js';
import { Conversation } from './conversation.js';
import {
  callbackList,
  type EvaluateOptions,
  FIT_OPTIONS,
  type FitOptions,
  type FitResult,
  type Weighting,
} from './fit-options.js';
import { labelled, upload } from './labelled.js';
import type { Model } from './model.js';
import { metricKeys } from './objective.js';
import { Programs } from './programs.js';

/** See the module documentation. */
export class Training {
  readonly #model: Model;
  readonly counters: NativeCounters = new native.NativeCounters();
  readonly programs: Programs;
  #conversation: Conversation | undefined;
  #busy = false;
  #poisoned = false;
  #callbackState: Record<string, Record<string, unknown>> = {};
  /** Epochs of the running fit. */
  epochs = 0;
  /** True if it validates. */
  validates = false;
  /** Callbacks of the last fit, whose state is saved. */
  callbacks: readonly CallbackLike[] = [];

  constructor(model: Model) {
    this.#model = model;
    this.programs = new Programs(model, this.counters);
  }

  /** State of callbacks that a saved file brought along. */
  restoreCallbackState(state: Record<string, Record<string, unknown>>): void {
    this.#callbackState = state;
  }

  /** That of one kind, once. */
  takeCallbackState(kind: string): Record<string, unknown> | undefined {
    const state = this.#callbackState[kind];
    delete this.#callbackState[kind];
    return state;
  }

  /** Where the running fit stands. */
  progress(): ReturnType<NativeRun['progress']> | undefined {
    return this.#conversation?.progress();
  }

  /** Ends the running fit. */
  cancel(): void {
    this.#conversation?.cancel();
  }

  /** Direction in which a logged number improves. */
  directionOf(key: string): 'max' | 'min' {
    const plain = key.replace(/^val_/, '');
    if (/(^|_)loss(_without_penalty)?$|^penalty$/.test(plain)) return 'min';
    const { compiled } = this.#model;
    const all = [...compiled.metrics.flat(), ...compiled.weightedMetrics.flat()];
    const direction = all.find(
      (metric) => plain === metric.name || plain.endsWith(`_${metric.name}`),
    )?.direction;
    if (direction) return direction;
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `mode must be 'min' or 'max' to watch '${key}', whose direction is not known`,
      {
        argument: 'mode',
        received: 'auto',
      },
    );
  }

  #keys(): string[] {
    return metricKeys(this.#model, this.#model.compiled);
  }

  #logs(values: readonly number[]): Logs {
    const [loss = 0, penalty = 0, ...metrics] = values;
    const logs: Logs = { loss };
    this.#keys().forEach((key, i) => {
      logs[key] = metrics[i] as number;
    });
    logs.penalty = penalty;
    logs.loss_without_penalty = loss - penalty;
    return logs;
  }

  #begin(): void {
    if (this.#poisoned) {
      throw new RidgelineError(
        'ERR_NATIVE',
        `model '${this.#model.name}' failed inside native code and cannot be trained further; its weights can still be read`,
      );
    }
    if (this.#busy) {
      throw new RidgelineError(
        'ERR_BUSY',
        `model '${this.#model.name}' is being trained; wait for fit to end`,
        { layer: this.#model.name },
      );
    }
    this.#busy = true;
  }

  /** An event of training: a panic in it may have left weights half updated. */
  readonly #check = (event: NativeEvent): NativeEvent => {
    if (event.failure?.code === 'ERR_NATIVE') this.#poisoned = true;
    return succeeded(event);
  };

  /** Does `work` while no other training does. */
  async #alone<T>(work: () => Promise<T>): Promise<T> {
    this.#begin();
    try {
      return await work();
    } finally {
      this.#busy = false;
    }
  }

  /** {@link Model.evaluate} */
  async evaluate(x: DataInput, y: DataInput, options: EvaluateOptions): Promise<Logs> {
    const given = checkOptions('evaluate', options, ['batchSize', 'sampleWeight', 'threads']);
    const size = count('batchSize', given.batchSize ?? 32);
    if (given.threads !== undefined) count('threads', given.threads);
    const rows = labelled(this.#model, 'fit', x, y, given);
    const evaluator = this.programs.evaluator(rows);
    const data = Uploaded.of(rows.data);
    try {
      const { randomSeed } = this.#model;
      const run = guard(() => evaluator.evaluate(data.handles, size, randomSeed, given.threads));
      return this.#logs(succeeded(await run).logs);
    } finally {
      data.release();
    }
  }

  /** {@link Model.trainOnBatch} */
  async trainOnBatch(
    x: DataInput,
    y: DataInput,
    options: Weighting & Pick<FitOptions, 'threads'>,
  ): Promise<Logs> {
    const given = checkOptions('trainOnBatch', options, ['sampleWeight', 'classWeight', 'threads']);
    const rows = labelled(this.#model, 'fit', x, y, given);
    return this.#alone(async () => {
      const trainer = this.programs.trainer(rows);
      const data = Uploaded.of(rows.data);
      try {
        const { learningRate } = this.#model.optimizer;
        const run = guard(() => trainer.trainOnBatch(data.handles, learningRate, given.threads));
        return this.#logs(this.#check(await run).logs);
      } finally {
        data.release();
      }
    });
  }

  /** Milliseconds of each phase of a training step on one batch, for benches; weights change. */
  profile(
    x: DataInput,
    y: DataInput,
    steps: number,
    threads: number,
  ): { tasks: string; milliseconds: number }[] {
    const rows = labelled(this.#model, 'fit', x, y, {});
    const trainer = this.programs.trainer(rows);
    const data = Uploaded.of(rows.data);
    try {
      const { learningRate } = this.#model.optimizer;
      return guard(() => trainer.profile(data.handles, learningRate, steps, threads));
    } finally {
      data.release();
    }
  }

  /** {@link Model.fit} */
  async fit(x: DataInput, y: DataInput, options: FitOptions): Promise<FitResult> {
    const given = checkOptions('fit', options, FIT_OPTIONS);
    const batchSize = count('batchSize', given.batchSize ?? 32);
    const epochs = count('epochs', given.epochs ?? 1);
    const initialEpoch = count('initialEpoch', given.initialEpoch ?? 0, 0);
    const validationSplit = number(
      'validationSplit',
      given.validationSplit ?? 0,
      'in [0, 1)',
      (s) => s >= 0 && s < 1,
    );
    if (given.threads !== undefined) count('threads', given.threads);
    if (given.signal !== undefined && typeof given.signal?.addEventListener !== 'function') {
      throw argumentError('signal', 'an AbortSignal', given.signal);
    }
    if (given.signal?.aborted) throw given.signal.reason;
    const model = this.#model;
    const all = labelled(model, 'fit', x, y, given);
    return this.#alone(async () => {
      const { training, data, validation } = upload(model, all, given, validationSplit);
      try {
        const trainer = this.programs.trainer(training);
        const callbacks = callbackList(given);
        this.callbacks = callbacks;
        this.epochs = epochs;
        this.validates = validation.handles.length > 0;
        const batchReports = callbacks.some((c) => c.onTrainBatchEnd || c.onTrainBatchBegin);
        const start = (): NativeRun =>
          guard(() =>
            trainer.fit(data.handles, validation.handles, {
              batchSize,
              epochs,
              initialEpoch,
              shuffle: boolean('shuffle', given.shuffle ?? true),
              validationBatchSize: count('validationBatchSize', given.validationBatchSize ?? batchSize),
              validationFrequency: count('validationFreq', given.validationFreq ?? 1),
              batchReports,
              learningRate: model.optimizer.learningRate,
              ...(given.threads === undefined ? {} : { threads: given.threads }),
            }),
          );
        this.#conversation = new Conversation({
          model,
          callbacks,
          initialEpoch,
          epochs,
          signal: given.signal,
          check: this.#check,
          logsOf: (values) => this.#logs(values),
        });
        return await this.#conversation.hold(start);
      } finally {
        this.#conversation = undefined;
        data.release();
        validation.release();
      }
    });
  }
}
