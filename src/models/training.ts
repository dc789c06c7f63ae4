/**
 * Training of a model: programs for the labels at hand, the conversation with a run, history and callbacks.
 */
import type { CallbackLike, Logs } from '../callbacks/callback.js';
import { ProgressBar } from '../callbacks/progress-bar.js';
import { boolean, options as checkOptions, count, nonNegative, number } from '../core/check.js';
import { shapeText, Tensor, type TensorInput, tensor } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import {
  guard,
  type NativeCounters,
  type NativeData,
  type NativeEvaluator,
  type NativeEvent,
  type NativeRun,
  type NativeTrainer,
  type NativeVariable,
  native,
  succeeded,
} from '../native.js';
import { byName, type DataInput, fitInputs, type NamedTensor, rowsOf, upload } from './batches.js';
import type { Model } from './model.js';
import { type LabelSpec, metricKeys, type Objective, trace } from './objective.js';

/** Keys of logs: losses, metrics `K`, and the same for validation data. */
export type LogKey<K extends string> = 'loss' | 'penalty' | 'loss_without_penalty' | K;
/** Loss and metrics by key. */
export type LogsOf<K extends string> = { readonly [P in LogKey<never>]: number } & {
  readonly [P in K]: number;
};
/** Keys of a history. */
export type HistoryKey<K extends string> = LogKey<K> | `val_${LogKey<K>}`;

/** The part of the platform's `AbortSignal` that is used. */
export interface Signal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Options of {@link Model.fit}. */
export interface FitOptions<K extends string = string> {
  /** Rows of a batch. Default 32. The last, smaller batch is kept. */
  readonly batchSize?: number;
  /** Index of the epoch to end before. Default 1. */
  readonly epochs?: number;
  /** Share of the rows, from the end and before shuffling, to validate on, in [0, 1). Default 0. */
  readonly validationSplit?: number;
  /** Data to validate on: `[x, y]` or `[x, y, sampleWeight]`. */
  readonly validationData?: readonly [DataInput, DataInput] | readonly [DataInput, DataInput, TensorInput];
  /** Rows of a validation batch. Default: `batchSize`. */
  readonly validationBatchSize?: number;
  /** Validates after every so many epochs. Default 1. */
  readonly validationFreq?: number;
  /** Takes the rows in a new random order each epoch. Default true. */
  readonly shuffle?: boolean;
  /** Who follows the run. */
  readonly callbacks?: readonly (CallbackLike & {
    readonly monitor?: NoInfer<HistoryKey<K>> | (string extends K ? string : never);
  })[];
  /** 0 silent, 1 a progress bar, 2 a line an epoch, `auto` a bar on a terminal and else nothing. Default `auto`. */
  readonly verbose?: 0 | 1 | 2 | 'auto';
  /** Weight of each row's loss. */
  readonly sampleWeight?: TensorInput;
  /** Weight of each class; classes left out weigh 1. Not together with `sampleWeight`. */
  readonly classWeight?: Readonly<Record<number, number>>;
  /** Index of the epoch to begin with. Default 0. */
  readonly initialEpoch?: number;
  /** Ends the run within a batch; `fit` rejects with its reason. */
  readonly signal?: Signal;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number;
}

const FIT_OPTIONS = [
  'batchSize',
  'epochs',
  'validationSplit',
  'validationData',
  'validationBatchSize',
  'validationFreq',
  'shuffle',
  'callbacks',
  'verbose',
  'sampleWeight',
  'classWeight',
  'initialEpoch',
  'signal',
  'threads',
] as const;

/** What {@link Model.fit} gives. */
export interface FitResult<K extends string = string> {
  /** One number an epoch, by key. */
  readonly history: { readonly [P in LogKey<never>]: number[] } & { readonly [P in K]: number[] } & {
    readonly [P in `val_${LogKey<K>}`]: number[];
  };
  /** Epochs that were run, counted from 0. */
  readonly epoch: number[];
}

/** Options of {@link Model.evaluate}. */
export interface EvaluateOptions {
  /** Rows computed at a time. Default 32. */
  readonly batchSize?: number;
  /** Weight of each row's loss. */
  readonly sampleWeight?: TensorInput;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number;
}

type Weighting = Pick<FitOptions, 'sampleWeight' | 'classWeight'>;

/** Rows ready to be fed, and what they look like. */
interface Rows {
  readonly data: NamedTensor[];
  readonly labels: LabelSpec[];
  readonly weighted: boolean;
}

/** Programs for one kind of labels; the trainer only once there is something to train. */
interface Programs {
  readonly key: string;
  readonly evaluator: NativeEvaluator;
  trainer: NativeTrainer | undefined;
}

/** See the module documentation. */
export class Training {
  readonly #model: Model;
  readonly counters: NativeCounters = new native.NativeCounters();
  readonly #slots = new Map<Weight, NativeVariable[]>();
  #programs: Programs | undefined;
  #run: NativeRun | undefined;
  #busy = false;
  #poisoned = false;
  #callbackState: Record<string, Record<string, unknown>> = {};
  /** Epochs of the running fit. */
  epochs = 0;
  /** Callbacks of the last fit, whose state is saved. */
  callbacks: readonly CallbackLike[] = [];

  constructor(model: Model) {
    this.#model = model;
  }

  /** Drops programs, after a change of the model. */
  forget(): void {
    this.#programs = undefined;
  }

  /** The optimizer's state for a weight. */
  slots(weight: Weight): NativeVariable[] {
    let slots = this.#slots.get(weight);
    if (!slots) {
      slots = guard(() => this.#model.optimizer.native.slots(weight.variable));
      this.#slots.set(weight, slots);
    }
    return slots;
  }

  /** True once the optimizer has state. */
  get hasSlots(): boolean {
    return this.#slots.size > 0;
  }

  /** State of callbacks that a saved file brought along. */
  restoreCallbackState(state: Record<string, Record<string, unknown>>): void {
    this.#callbackState = state;
  }

  takeCallbackState(kind: string): Record<string, unknown> | undefined {
    const state = this.#callbackState[kind];
    delete this.#callbackState[kind];
    return state;
  }

  progress(): ReturnType<NativeRun['progress']> | undefined {
    return this.#run?.progress();
  }

  cancel(): void {
    this.#run?.cancel();
  }

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

  // ---- data ----

  #rows(
    where: 'fit' | 'validation',
    x: DataInput,
    y: DataInput,
    given: Weighting,
    like?: readonly LabelSpec[],
  ): Rows {
    const model = this.#model;
    if (!model.built) model.ready(byName('x', x, ['x'], [undefined])[0]?.tensor.shape ?? []);
    const prefix = where === 'fit' ? '' : `${where} `;
    const inputs = fitInputs(
      byName(
        `${prefix}x`,
        x,
        model.inputNames,
        model.inputs.map((t) => t.dtype),
      ),
      model.inputs,
    );
    const named = byName(
      `${prefix}y`,
      y,
      model.outputNames,
      model.outputNames.map(() => undefined),
    );
    const labels = named.map((label, i) => (like ? alike(label, like[i] as LabelSpec) : label));
    const data = [...inputs, ...labels];
    const rows = rowsOf(data);
    model.compiled.losses.forEach((loss, i) => {
      if (loss.sparse) checkIndices(labels[i] as NamedTensor, model.outputs[i]?.shape.at(-1) ?? null);
    });
    const sampleWeight = given.classWeight === undefined ? given.sampleWeight : classWeights(labels, given);
    if (sampleWeight !== undefined) {
      const weight = tensor(sampleWeight, { dtype: 'float32' });
      if (weight.rank !== 1 || weight.shape[0] !== rows) {
        throw new RidgelineError(
          'ERR_SHAPE',
          `${prefix}sampleWeight must have shape [${rows}], received [${weight.shape.join(', ')}]`,
          {
            argument: 'sampleWeight',
          },
        );
      }
      data.push({ name: `${prefix}sampleWeight`, tensor: weight });
    }
    const specs = labels.map(({ tensor: t }) => ({ shape: t.shape, dtype: t.dtype }));
    return { data, labels: specs, weighted: sampleWeight !== undefined };
  }

  // ---- programs ----

  #prepare(rows: Rows): Programs {
    const model = this.#model;
    const weights = model.trainableWeights;
    const key = JSON.stringify([
      rows.labels.map((l) => [l.dtype, l.shape.slice(1)]),
      rows.weighted,
      weights.map((w) => w.path),
    ]);
    if (this.#programs?.key === key) return this.#programs;
    const { variables, l1, l2 } = penalized(weights);
    const of = trace(model, model.compiled, rows.labels, rows.weighted, false);
    const evaluator = guard(() => new native.NativeEvaluator(of.trace.graph, handles(of), variables, l1, l2));
    this.#programs = { key, evaluator, trainer: undefined };
    return this.#programs;
  }

  #trainer(rows: Rows): NativeTrainer {
    const model = this.#model;
    const programs = this.#prepare(rows);
    if (programs.trainer) return programs.trainer;
    const weights = model.trainableWeights;
    const { variables, l1, l2 } = penalized(weights);
    const of = trace(model, model.compiled, rows.labels, rows.weighted, true);
    const state = [...of.trace.nextState];
    programs.trainer = guard(
      () =>
        new native.NativeTrainer(
          of.trace.graph,
          handles(of),
          model.optimizer.native,
          variables,
          l1,
          l2,
          weights.flatMap((w) => this.slots(w)),
          state.map(([weight]) => weight.variable),
          of.trace.ids(state.map(([, next]) => next)),
          programs.evaluator,
          this.counters,
          model.randomSeed,
        ),
    );
    return programs.trainer;
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
  #check(event: NativeEvent): NativeEvent {
    if (event.failure?.code === 'ERR_NATIVE') this.#poisoned = true;
    return succeeded(event);
  }

  // ---- the verbs ----

  async evaluate(x: DataInput, y: DataInput, options: EvaluateOptions): Promise<Logs> {
    const given = checkOptions('evaluate', options, ['batchSize', 'sampleWeight', 'threads']);
    const size = count('batchSize', given.batchSize ?? 32);
    if (given.threads !== undefined) count('threads', given.threads);
    const rows = this.#rows('fit', x, y, given);
    const { evaluator } = this.#prepare(rows);
    const data = upload(rows.data);
    const event = await guard(() => evaluator.evaluate(data, size, this.#model.randomSeed, given.threads));
    return this.#logs(succeeded(event).logs);
  }

  async trainOnBatch(
    x: DataInput,
    y: DataInput,
    options: Pick<FitOptions, 'sampleWeight' | 'classWeight' | 'threads'>,
  ): Promise<Logs> {
    const given = checkOptions('trainOnBatch', options, ['sampleWeight', 'classWeight', 'threads']);
    const rows = this.#rows('fit', x, y, given);
    this.#begin();
    try {
      const trainer = this.#trainer(rows);
      const data = upload(rows.data);
      const event = await guard(() =>
        trainer.trainOnBatch(data, this.#model.optimizer.learningRate, given.threads),
      );
      return this.#logs(this.#check(event).logs);
    } finally {
      this.#busy = false;
    }
  }

  /** Milliseconds of each phase of a training step on one batch, for benches; weights change. */
  profile(
    x: DataInput,
    y: DataInput,
    steps: number,
    threads: number,
  ): { tasks: string; milliseconds: number }[] {
    const rows = this.#rows('fit', x, y, {});
    const trainer = this.#trainer(rows);
    const data = upload(rows.data);
    return guard(() => trainer.profile(data, this.#model.optimizer.learningRate, steps, threads));
  }

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
    const all = this.#rows('fit', x, y, given);
    this.#begin();
    try {
      const { training, data, validation } = this.#split(all, given, validationSplit);
      const trainer = this.#trainer(training);
      const callbacks = callbackList(given);
      this.callbacks = callbacks;
      this.epochs = epochs;
      const everyBatch = callbacks.some((c) => c.onTrainBatchEnd || c.onTrainBatchBegin);
      const start = (): NativeRun =>
        guard(() =>
          trainer.fit(data, validation, {
            batchSize,
            epochs,
            initialEpoch,
            shuffle: boolean('shuffle', given.shuffle ?? true),
            validationBatchSize: count('validationBatchSize', given.validationBatchSize ?? batchSize),
            validationFrequency: count('validationFreq', given.validationFreq ?? 1),
            batchReports: everyBatch,
            learningRate: model.optimizer.learningRate,
            ...(given.threads === undefined ? {} : { threads: given.threads }),
          }),
        );
      return await this.#converse(start, callbacks, initialEpoch, epochs, given.signal);
    } finally {
      this.#busy = false;
      this.#run = undefined;
    }
  }

  #split(
    all: Rows,
    options: FitOptions,
    share: number,
  ): { training: Rows; data: NativeData[]; validation: NativeData[] } {
    if (options.validationData !== undefined) {
      const given = options.validationData;
      if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
        throw argumentError('validationData', '[x, y] or [x, y, sampleWeight]', given);
      }
      const [x, y, sampleWeight] = given as readonly [DataInput, DataInput, TensorInput];
      const rows = this.#rows('validation', x, y, { sampleWeight }, all.labels);
      // Programs are shared: where one side has weights, the rows of the other weigh one.
      const [training, held] =
        all.weighted === rows.weighted ? [all, rows] : [withWeights(all), withWeights(rows)];
      return { training, data: upload(training.data), validation: upload(held.data) };
    }
    const whole = upload(all.data);
    if (share === 0) return { training: all, data: whole, validation: [] };
    const rows = all.data[0]?.tensor.shape[0] as number;
    const cut = Math.floor(rows * (1 - share));
    if (cut === 0 || cut === rows) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `validationSplit ${share} of ${rows} rows leaves ${cut} to train on and ${rows - cut} to validate on`,
        {
          argument: 'validationSplit',
          received: share,
        },
      );
    }
    const part = (from: number, to: number): NativeData[] =>
      whole.map((data) => guard(() => data.rows(from, to)));
    const held = part(cut, rows);
    // Class weights are for training alone.
    const validation =
      options.classWeight === undefined ? held : [...held.slice(0, -1), ...upload([ones(rows - cut)])];
    return { training: all, data: part(0, cut), validation };
  }

  /** Runs to the end, answering every event after the callbacks had their say. */
  async #converse(
    start: () => NativeRun,
    callbacks: readonly CallbackLike[],
    initialEpoch: number,
    epochs: number,
    signal: Signal | undefined,
  ): Promise<FitResult> {
    const model = this.#model;
    const history: Record<string, number[]> = {};
    const epoch: number[] = [];
    const each = async (say: (callback: CallbackLike) => unknown): Promise<void> => {
      for (const callback of callbacks) await say(callback);
    };
    let warned = false;
    let over = false;
    let logs: Logs = {};
    const abort = (): void => this.#run?.cancel();
    model.stopTraining = false;
    try {
      await each((c) => c.setModel?.(model));
      await each((c) => c.onTrainBegin?.({}));
      if (initialEpoch < epochs) {
        await each((c) => c.onEpochBegin?.(initialEpoch, {}));
        await each((c) => c.onTrainBatchBegin?.(0, {}));
      }
      const run = start();
      this.#run = run;
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) run.cancel();
      try {
        for (;;) {
          const stop = model.stopTraining;
          const event = await guard(() => run.next({ stop, learningRate: model.optimizer.learningRate }));
          over = event.kind === 'end';
          this.#check(event);
          if (over) break;
          logs = this.#logs(event.logs);
          if (event.kind === 'batch') {
            await each((c) => c.onTrainBatchEnd?.(event.batch, logs));
            const { batches } = run.progress();
            if (!model.stopTraining && event.batch + 1 < batches)
              await each((c) => c.onTrainBatchBegin?.(event.batch + 1, {}));
            continue;
          }
          if (event.validation) {
            for (const [key, value] of Object.entries(this.#logs(event.validation)))
              logs[`val_${key}`] = value;
          }
          if (!warned && !Number.isFinite(logs.loss)) {
            warned = true;
            console.warn(`ridgeline: the loss of epoch ${event.epoch + 1} is ${logs.loss}${firstBad(model)}`);
          }
          epoch.push(event.epoch);
          for (const [key, value] of Object.entries(logs)) {
            history[key] ??= [];
            history[key].push(value);
          }
          await each((c) => c.onEpochEnd?.(event.epoch, logs));
          if (!model.stopTraining && event.epoch + 1 < epochs) {
            await each((c) => c.onEpochBegin?.(event.epoch + 1, {}));
            await each((c) => c.onTrainBatchBegin?.(0, {}));
          }
        }
      } catch (error) {
        if (!over) await drain(run);
        throw error;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      await each((c) => c.onTrainEnd?.(logs));
    }
    if (signal?.aborted) throw signal.reason;
    return { history, epoch } as FitResult;
  }
}

/** Handles of an objective's values. */
function handles({
  trace: of,
  loss,
  totals,
  weights,
}: Objective): ConstructorParameters<typeof native.NativeEvaluator>[1] {
  return {
    loss: of.ids([loss])[0] as number,
    penalties: of.ids(of.penalties),
    totals: of.ids(totals),
    weights: of.ids(weights),
  };
}

/** Weights with the factors of their penalties. */
function penalized(weights: readonly Weight[]): { variables: NativeVariable[]; l1: number[]; l2: number[] } {
  const factors = (kind: 'l1' | 'l2'): number[] => weights.map((w) => w.regularizer?.factors?.[kind] ?? 0);
  return { variables: weights.map((w) => w.variable), l1: factors('l1'), l2: factors('l2') };
}

/** Sample weights of one. */
function ones(rows: number): NamedTensor {
  return { name: 'sampleWeight', tensor: new Tensor(new Float32Array(rows).fill(1), [rows], 'float32') };
}

/** The rows with sample weights, of one unless they have some. */
function withWeights(rows: Rows): Rows {
  if (rows.weighted) return rows;
  return { ...rows, data: [...rows.data, ones(rows.data[0]?.tensor.shape[0] as number)], weighted: true };
}

/** Ends a run that nobody listens to any more, and waits until it has. */
async function drain(run: NativeRun): Promise<void> {
  run.cancel();
  for (;;) {
    const event = await run.next({ stop: true });
    if (event.kind === 'end') return;
  }
}

/** Names the first layer with a weight that is not finite. */
function firstBad(model: Model): string {
  const bad = model.weights.find((weight) => weight.read().data.some((x: number) => !Number.isFinite(x)));
  return bad ? `; the first weight that is not finite is '${bad.path}'` : '';
}

function callbackList(options: FitOptions): CallbackLike[] {
  const { callbacks = [], verbose = 'auto' } = options;
  if (!Array.isArray(callbacks)) throw argumentError('callbacks', 'a list', callbacks);
  callbacks.forEach((callback, i) => {
    if (typeof callback !== 'object' || callback === null)
      throw argumentError(`callbacks[${i}]`, 'an object of functions', callback);
  });
  if (![0, 1, 2, 'auto'].includes(verbose)) throw argumentError('verbose', "0, 1, 2 or 'auto'", verbose);
  if (verbose === 1 || (verbose === 'auto' && process.stderr.isTTY)) return [...callbacks, new ProgressBar()];
  return verbose === 2 ? [...callbacks, new ProgressBar('line')] : [...callbacks];
}

function checkIndices(labels: NamedTensor, classes: number | null): void {
  if (classes === null) return;
  const bad = labels.tensor.data.find((x: number) => !Number.isInteger(x) || x < 0 || x >= classes);
  if (bad !== undefined && Number.isFinite(bad)) {
    throw argumentError(labels.name, `class indices in [0, ${classes})`, bad);
  }
}

/** A validation label in the form of the training label, since they share programs. */
function alike({ name, tensor: given }: NamedTensor, like: LabelSpec): NamedTensor {
  const columns = (shape: readonly number[]): string =>
    shapeText(shape.at(-1) === 1 ? shape.slice(1, -1) : shape.slice(1));
  if (columns(given.shape) !== columns(like.shape)) {
    throw shapeError(name, shapeText([null, ...like.shape.slice(1)]), shapeText(given.shape));
  }
  const same = tensor(given, { dtype: like.dtype });
  if (same.data.some((value: number, i: number) => value !== given.data[i])) {
    throw new RidgelineError('ERR_DTYPE', `${name} must be ${like.dtype} as y is, received ${given.dtype}`, {
      argument: name,
    });
  }
  return { name, tensor: same.reshape([given.shape[0] ?? 0, ...like.shape.slice(1)]) };
}

/** Sample weights that class weights stand for. */
function classWeights(labels: readonly NamedTensor[], { sampleWeight, classWeight }: Weighting): TensorInput {
  if (sampleWeight !== undefined) {
    throw new RidgelineError('ERR_ARGUMENT', 'classWeight and sampleWeight cannot both be given', {
      argument: 'classWeight',
    });
  }
  if (typeof classWeight !== 'object' || classWeight === null || Array.isArray(classWeight)) {
    throw argumentError('classWeight', 'an object from class index to weight', classWeight);
  }
  for (const [name, weight] of Object.entries(classWeight)) {
    if (!/^\d+$/.test(name)) throw argumentError('classWeight', 'class indices as keys', name);
    nonNegative(`classWeight[${name}]`, weight);
  }
  const [label, ...others] = labels as readonly [NamedTensor];
  if (others.length > 0) {
    throw new RidgelineError('ERR_ARGUMENT', `classWeight needs one output, the model has ${labels.length}`, {
      argument: 'classWeight',
    });
  }
  const t = label.tensor;
  const classes = t.rank > 1 && (t.shape[1] as number) > 1 ? t.argMax(1).data : t.data;
  return Float32Array.from(classes, (c) => classWeight[c as number] ?? 1);
}
