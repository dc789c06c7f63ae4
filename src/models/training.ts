/**
 * Training of a compiled model: its verbs, one at a time, and what lasts from one to the next.
 */
import type { CallbackLike } from '../callbacks/callback.js';
import type { CallbackState } from '../callbacks/callback-state.js';
import type { Logs } from '../callbacks/logs.js';
import type { TrainedModel, TrainingContext } from '../callbacks/trained-model.js';
import type { BatchSource } from '../core/batches.js';
import { options as checkOptions, threads as checkThreads } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { inTurns } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import { Freezing } from '../layers/freezing.js';
import { guard, type NativeCounters, type NativeRun, type NativeTrainer, native } from '../native.js';
import { BatchTraining, batchReaders, hearsBatches, hearsTests, heldReader } from './batch-training.js';
import { CallbackStates } from './callback-states.js';
import type { Compiled } from './compilation.js';
import { Evaluation } from './evaluation.js';
import {
  type BatchOptions,
  type CheckedFitOptions,
  checkFitOptions,
  type FitOptions,
  type FitResult,
} from './fit-options.js';
import { add, type EpochLogs, type History, record, type TrainingState } from './history.js';
import { expectedRows } from './labelled-data.js';
import { directionOf, logsOf, type Measured, measured } from './log-keys.js';
import type { Measuring } from './measured-batches.js';
import { NativePrograms } from './native-programs.js';
import type { Network } from './network.js';
import { OptimizerState } from './optimizer-state.js';
import type { Place, Spot } from './place.js';
import { resume } from './resuming.js';
import type { TrainingLock } from './training-lock.js';
import { type Run, TrainingLoop } from './training-loop.js';
import { ValidatedRun } from './validated-run.js';
import { uploadFitData, validationPair } from './validation-data.js';

/** See the module documentation. */
export class Training implements TrainingContext {
  readonly #model: Network & TrainedModel;
  /** What the model was compiled with. */
  readonly compiled: Compiled;
  /** Where it stands. */
  readonly counters: NativeCounters = new native.NativeCounters();
  /** All epochs since the model was compiled. */
  readonly history: History = { epoch: [], history: {} };
  readonly #programs: NativePrograms;
  readonly #lock: TrainingLock;
  readonly #batches: BatchTraining;
  /** Its numbers. */
  readonly evaluation: Evaluation;
  /** State of the optimizer. */
  readonly optimizerState: OptimizerState;
  #loop: TrainingLoop | undefined;
  #released = false;
  #epochs = 0;
  #validates = false;
  #callbacks: readonly CallbackLike[] = [];
  #callbackStates = new CallbackStates({});
  #last: EpochLogs | undefined;
  /** What the running fit goes on with, if it does so from a file. */
  #resumed: Spot | undefined;
  /** Where within an epoch the file stood from which the model was loaded, until it is trained. */
  #saved: Place | undefined;
  /** Of the epoch under way. */
  readonly #totals = new native.NativeTotals();
  #hasFinished = false;

  constructor(model: Network & TrainedModel, compiled: Compiled, lock: TrainingLock) {
    this.#model = model;
    this.compiled = compiled;
    this.#lock = lock;
    for (const part of compiled.optimizer.parts) part.counters = this.counters;
    this.optimizerState = new OptimizerState(compiled.optimizer);
    this.#programs = new NativePrograms(model, compiled, this.optimizerState, this.counters);
    const checkAlive = (): void => this.#checkAlive();
    const of = { model, compiled, programs: this.#programs, checkAlive };
    const check = this.#lock.check.bind(this.#lock);
    this.#batches = new BatchTraining({ ...of, counters: this.counters, check });
    this.evaluation = new Evaluation({ ...of, batches: this.#batches });
  }

  get epochs(): number {
    return this.#epochs;
  }

  get validates(): boolean {
    return this.#validates;
  }

  get isUnderWay(): boolean {
    return this.#loop !== undefined;
  }

  progress(): ReturnType<NativeRun['progress']> | undefined {
    return this.#loop?.progress();
  }

  directionOf(key: string): 'max' | 'min' {
    return directionOf(key, this.compiled);
  }

  get lastEpoch(): EpochLogs | undefined {
    return this.#last;
  }

  takeCallbackState(kind: string): CallbackState | undefined {
    return this.#callbackStates.take(kind);
  }

  /** What to save of it. */
  state(): TrainingState {
    const { areAveragesIn } = this.optimizerState;
    const { history } = this;
    const callbacks = this.#callbackStates.all(this.#callbacks);
    return { callbacks, history, last: this.#last, areAveragesIn, place: this.#place() };
  }

  /** Where the running fit stands still within an epoch, if it does. */
  #place(): Place | undefined {
    const place = this.#loop?.place;
    if (!place) return undefined;
    const [steps = 0] = this.counters.read();
    return { ...place, steps, keys: this.evaluation.keys, totals: this.#totals.read() };
  }

  /** Goes on from what was saved, after so many steps, updates and epochs. */
  restore([steps = 0, updates = 0, epochs = 0]: readonly number[], state: TrainingState): void {
    this.counters.write(steps, updates, epochs);
    this.#callbackStates = new CallbackStates(state.callbacks);
    this.#last = state.last;
    this.optimizerState.areAveragesIn = state.areAveragesIn;
    this.#saved = state.place?.steps === steps ? state.place : undefined;
    Object.assign(this.history, structuredClone(state.history));
  }

  /** The place in the file to go on with, if `epoch` is asked for and nothing was trained in between. */
  #savedWithin(epoch: number | undefined, batches: number | undefined): Spot | undefined {
    const saved = this.#saved;
    this.#saved = undefined;
    if (!saved || saved.epoch !== epoch || saved.steps !== this.counters.read()[0]) return undefined;
    const isAsBefore = batches === undefined || batches === saved.batches;
    if (!isAsBefore || saved.keys.join() !== this.evaluation.keys.join()) return undefined;
    this.#totals.write([...saved.totals]);
    return saved;
  }

  async resume(path: string): Promise<void> {
    const { optimizerState } = this;
    const restore = (counters: readonly number[], state: TrainingState): void => {
      this.restore(counters, state);
      const place = this.#saved;
      this.#saved = undefined;
      this.#resumed = place ?? { epoch: this.nextEpoch, batch: 0 };
      this.#totals.write([...(place?.totals ?? [])]);
    };
    await resume({ model: this.#model, optimizerState, keys: this.evaluation.keys, restore }, path);
    // They know the seed of before.
    this.forget();
  }

  get resumedWithin(): number | undefined {
    return this.#resumed && this.#resumed.batch > 0 ? this.#resumed.epoch : undefined;
  }

  get hasFinished(): boolean {
    return this.#hasFinished;
  }

  get areAveragesIn(): boolean {
    return this.optimizerState.areAveragesIn;
  }

  swapAverages(): Promise<void> {
    return this.optimizerState.swapAverages(this.#model.trainableWeights);
  }

  /** Index of the epoch to go on with. */
  get nextEpoch(): number {
    return (this.history.epoch.at(-1) ?? -1) + 1;
  }

  #record(epoch: number, logs: Logs): void {
    this.#last = { epoch, logs };
    record(this.history, epoch, logs);
  }

  /** Drops programs, after a change of the network. */
  forget(): void {
    this.#programs.forget();
  }

  /** Ends the running fit, which rejects, and gives the memory of programs back. */
  release(): void {
    this.#released = true;
    this.#loop?.cancel();
    this.#programs.release();
  }

  /** @throws {RidgelineError} `ERR_DISPOSED` after `release`, whatever else came of it. */
  #checkAlive(cause?: unknown): void {
    if (!this.#released) return;
    const { name } = this.#model;
    const message = `model '${name}' was disposed while it was trained`;
    throw new RidgelineError('ERR_DISPOSED', message, { layer: name }, cause === undefined ? {} : { cause });
  }

  /** {@link Model.trainOnBatch} */
  async trainOnBatch(x: DataInput, y: DataInput, options: BatchOptions): Promise<Measured> {
    const given = checkOptions('trainOnBatch', options, ['sampleWeight', 'classWeight', 'threads']);
    checkThreads(given.threads);
    return this.#lock.alone(() =>
      this.evaluation.withRows(x, y, given, async (rows, { handles }) => {
        const trainer = this.#programs.trainer(rows);
        const names = this.evaluation.names(measured);
        const { fixedLearningRate } = this.compiled.optimizer;
        const run = guard(() => trainer.trainOnBatch(handles, fixedLearningRate, given.threads));
        return names(this.#lock.check(await run).logs);
      }),
    );
  }

  /** Bytes that a training step needs for inputs of these shapes: of variables, and of what it computes. */
  stepBytes(shapes: readonly (readonly number[])[]): [variables: number, values: number] {
    const trainer = this.#programs.trainer(expectedRows(this.#model, this.compiled));
    const batch = shapes[0]?.[0] as number;
    const bytes = guard(() =>
      trainer.bytes(
        shapes.map((shape) => [...shape]),
        batch,
      ),
    );
    return bytes as [number, number];
  }

  /** Milliseconds of each phase of a training step on one batch, for benches; weights change. */
  async profile(
    x: DataInput,
    y: DataInput,
    steps: number,
    threads: number,
  ): Promise<{ tasks: string; milliseconds: number }[]> {
    return this.evaluation.withRows(x, y, {}, (rows, { handles }) => {
      const trainer = this.#programs.trainer(rows);
      const { fixedLearningRate } = this.compiled.optimizer;
      return guard(() => trainer.profile(handles, fixedLearningRate, steps, threads));
    });
  }

  /** {@link Model.fit}, of batches. */
  async fitBatches(source: BatchSource, options: FitOptions): Promise<FitResult> {
    const given = checkFitOptions(this.#model, options);
    const { callbacks, epochs, signal, threads } = given;
    const readers = batchReaders(source, options, given);
    if (signal?.aborted) throw signal.reason;
    return this.#lock.alone(async () => {
      const { validationData } = options;
      this.#callbacks = callbacks;
      this.#epochs = epochs;
      this.#validates = validationData !== undefined;
      this.#loop = this.#newLoop(given, given.stepsPerEpoch, options.initialEpoch);
      const tested: TrainingLoop['tested'] = (measure) =>
        validationData === undefined ? measure(undefined) : (this.#loop as TrainingLoop).tested(measure);
      const size = given.validationBatchSize;
      const validate = async (hooks: Measuring['hooks']): Promise<number[] | undefined> => {
        if (validationData === undefined || readers.held) return undefined;
        const [x, y, sampleWeight] = validationPair(validationData);
        return this.evaluation.withRows(x, y, { sampleWeight }, (rows, data) =>
          this.evaluation.measure(rows, data, { size, hooks, threads }),
        );
      };
      const { classWeight } = options;
      const totals = this.#totals;
      const start = (learningRate: number | undefined, first: Spot): Run =>
        this.#batches.run(readers, { ...given, classWeight, learningRate, first, totals, validate, tested });
      return this.#train(start).finally(() => readers.held?.close());
    });
  }

  #newLoop(
    { callbacks, initialEpoch, epochs, signal }: CheckedFitOptions,
    steps: number | undefined,
    asked: number | undefined,
    isStale: () => boolean = () => false,
  ): TrainingLoop {
    this.#resumed = this.#savedWithin(asked, steps);
    return new TrainingLoop({
      steps,
      model: this.#model,
      callbacks,
      first: () => this.#resumed ?? { epoch: initialEpoch, batch: 0 },
      epochs,
      signal,
      check: (event) => this.#lock.check(event),
      record: (epoch, logs) => this.#record(epoch, logs),
      add: (numbers) => add(this.history.history, numbers),
      finish: async () => {
        await this.optimizerState.takeAverages(this.#model.trainableWeights);
        this.#hasFinished = true;
      },
      logsOf: this.evaluation.names(logsOf),
      isStale,
    });
  }

  /** Runs the loop to its end. */
  async #train(start: Parameters<TrainingLoop['run']>[0]): Promise<FitResult> {
    this.#hasFinished = false;
    try {
      // A file may have been written in between.
      if (this.areAveragesIn) await this.swapAverages();
      const result = await (this.#loop as TrainingLoop).run(start);
      this.#checkAlive();
      return result;
    } catch (error) {
      this.#checkAlive(error);
      throw error;
    } finally {
      this.#loop = undefined;
    }
  }

  /** {@link Model.fit} */
  async fit(x: DataInput, y: DataInput, options: FitOptions): Promise<FitResult> {
    const given = checkFitOptions(this.#model, options);
    const { stepsPerEpoch } = options;
    if (stepsPerEpoch !== undefined)
      throw argumentError('stepsPerEpoch', 'left out for data that is not in batches', stepsPerEpoch);
    const held = heldReader(options, given);
    const { callbacks, epochs, signal, threads } = given;
    if (signal?.aborted) throw signal.reason;
    return this.#lock.alone(async () => {
      const data = await inTurns(
        uploadFitData(this.#model, this.compiled, x, y, options, given.validationSplit),
      );
      try {
        this.#checkAlive();
        // What is wrong with the model is told before callbacks hear of the fit.
        this.#programs.trainer(data.rows);
        this.#callbacks = callbacks;
        this.#epochs = epochs;
        const { handles } = data.validation;
        this.#validates = held !== undefined || handles.length > 0;
        const steps = Math.ceil(data.training.rows / given.batchSize);
        let [trainer, assigned]: [NativeTrainer?, number?] = [];
        // Batches that come one by one have the trainer of their time.
        const isStale = (): boolean => {
          if (assigned === Freezing.assignments) return false;
          assigned = Freezing.assignments;
          return this.#programs.trainer(data.rows) !== trainer;
        };
        const loop = this.#newLoop(given, steps, options.initialEpoch, isStale);
        this.#loop = loop;
        // Else the run measures by itself, without a turn of the event loop.
        const isHeard = held !== undefined || (this.#validates && hearsTests(callbacks));
        const size = given.validationBatchSize;
        const validation = (hooks: Measuring['hooks']): Promise<number[]> =>
          held
            ? this.#batches.validate(held, given, hooks)
            : this.evaluation.measure(data.rows, data.validation, { size, hooks, threads });
        const start = (learningRate: number | undefined, first: Spot): Run => {
          [trainer, assigned] = [this.#programs.trainer(data.rows), Freezing.assignments];
          const made = trainer;
          const of = {
            batchSize: given.batchSize,
            epochs,
            initialEpoch: first.epoch,
            initialBatch: first.batch,
            shuffle: given.shuffle !== false,
            keepsBatches: given.shuffle === 'batch',
            validationBatchSize: given.validationBatchSize,
            validationFrequency: given.validationFreq,
            batchReports: hearsBatches(callbacks),
            ...(learningRate === undefined ? {} : { learningRate }),
            ...(threads === undefined ? {} : { threads }),
          };
          const run = guard(() => made.fit(data.training.handles, isHeard ? [] : handles, of, this.#totals));
          if (!isHeard) return run;
          const validate = (): Promise<number[]> => loop.tested(validation);
          return new ValidatedRun(run, { frequency: given.validationFreq, validate });
        };
        return await this.#train(start);
      } finally {
        held?.close();
        data.training.release();
        data.validation.release();
      }
    });
  }
}
