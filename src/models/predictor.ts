/**
 * Prediction: the native program that computes outputs from inputs, made with its first use.
 */
import type { PredictedLogs } from '../callbacks/callback.js';
import type { TrainedModel } from '../callbacks/trained-model.js';
import { BatchReader, type BatchSource } from '../core/batches.js';
import { options as checkOptions, threads as checkThreads, count } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { zeros } from '../core/elements.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { atOnce, inTurns, mayKeepWaiting, type Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeMoment, type NativePredictor, native } from '../native.js';
import { asOneBatch, batchSizeOf } from './batch-size.js';
import { finite } from './finite.js';
import { type BatchHooks, FOLLOWED, type FollowedOptions, Followers } from './followers.js';
import { inputTensors, type NamedTensor, rowsOf } from './input-data.js';
import { type Found, settled, tensors } from './native-prediction.js';
import { carries, type Network, traceInputs } from './network.js';
import { perOutput } from './one-or-several.js';
import { pieceRows, piecewise } from './piecewise.js';
import type { UploadedData } from './uploaded-data.js';

/** Options of {@link Model.predict}. */
export interface PredictOptions extends FollowedOptions {
  /** Rows computed at a time. Default that of the inputs, or 32. */
  readonly batchSize?: number | undefined;
  /** Batches to predict. Default all. */
  readonly steps?: number | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

/** Who hears of batches. */
type Hooks = BatchHooks<PredictedLogs['outputs']> | undefined;

/** Bytes that are copied in one turn. */
const AT_ONCE = 2 ** 21;

/** What is predicted, and how. */
interface Prepared {
  readonly inputs: readonly NamedTensor[];
  readonly batchSize: number;
  readonly threads: number | undefined;
}

/** See the module documentation. */
export class Predictor {
  readonly #network: Network;
  #program: NativePredictor | undefined;

  constructor(network: Network) {
    this.#network = network;
  }

  /**
   * The outputs for all rows, off the JavaScript thread unless that is brief; of the moment `given`, where others are of it.
   * @throws {RidgelineError} As a rejection: `ERR_SHAPE`, `ERR_DTYPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`, `ERR_NATIVE`.
   */
  async predict(x: DataInput, options: PredictOptions, given?: NativeMoment): Promise<Tensor[]> {
    const call = this.#network.nextInference();
    const start = this.#start(x, options, this.#network.randomSeed, call, given);
    const { found, ...prepared } = await inTurns(start);
    return found ? settled(found) : this.#inPieces(prepared, call, given);
  }

  /** As `predict`, of so many batches at most, where callbacks follow it. */
  async predictFollowed(x: DataInput, options: PredictOptions, model: TrainedModel): Promise<Tensor[]> {
    const given = checkOptions('predict', options, ['batchSize', 'threads', 'steps', ...FOLLOWED]);
    const most = given.steps === undefined ? Number.POSITIVE_INFINITY : count('steps', given.steps);
    const { batchSize, threads } = given;
    const followers = new Followers(given);
    const prepared = await inTurns(this.#prepare(x, { batchSize, threads }));
    const size = prepared.batchSize;
    const rows = rowsOf(prepared.inputs);
    const steps = Math.min(most, Math.ceil(rows / size));
    const inputs = prepared.inputs.map((named) => {
      return { ...named, tensor: named.tensor.rows(0, Math.min(rows, steps * size)) };
    });
    const call = this.#network.nextInference();
    return followers.predicted(model, steps, (hooks) =>
      this.#inPieces({ ...prepared, inputs }, call, undefined, hooks),
    );
  }

  /** The outputs for many rows, a piece at a time; each a batch, one after the other, where somebody hears of them. */
  async #inPieces(
    { inputs, batchSize, threads }: Prepared,
    call: number,
    given?: NativeMoment,
    hooks?: Hooks,
  ): Promise<Tensor[]> {
    const { randomSeed } = this.#network;
    const shapes = [
      ...inputs.map(({ tensor }) => tensor.shape),
      ...this.#network.graph.outputs.map((t) => t.shape),
    ];
    // What goes from batch to batch goes through all in order.
    const whole = carries(this.#network) ? Number.POSITIVE_INFINITY : pieceRows(shapes, batchSize);
    const moment = given ?? new native.NativeMoment();
    const compute = async ({ handles }: UploadedData, from: number): Promise<Tensor[]> => {
      const first = from / batchSize;
      const run = guard(() =>
        this.#current.predictData(handles, batchSize, randomSeed, call, first, threads, moment),
      );
      return settled(run);
    };
    const heard = async (piece: UploadedData, from: number): Promise<Tensor[]> => {
      await hooks?.begin(from / batchSize);
      const outputs = await compute(piece, from);
      await hooks?.end(from / batchSize, perOutput(outputs));
      return outputs;
    };
    const computed = hooks ? piecewise(inputs, batchSize, heard, 0) : piecewise(inputs, whole, compute);
    return given ? computed : computed.finally(() => moment.release());
  }

  /** Starts the run of a few rows, from copies; many are only checked. */
  *#start(
    x: DataInput,
    options: PredictOptions,
    seed: number,
    call: number,
    moment: NativeMoment | undefined,
  ): Work<Prepared & { found?: Found }> {
    const prepared = yield* this.#prepare(x, options);
    const { inputs, batchSize, threads } = prepared;
    const { values, shapes } = split(inputs);
    if (values.some(({ byteLength }) => byteLength > AT_ONCE)) return prepared;
    const run = (): Found =>
      this.#current.predict(values, shapes, batchSize, seed, call, threads, moment, mayKeepWaiting());
    return { ...prepared, found: finite(inputs, run) };
  }

  /** As `predict`, of batches that come one by one. */
  async predictBatches(source: BatchSource, options: PredictOptions, model: TrainedModel): Promise<Tensor[]> {
    const { threads, steps, ...given } = checkOptions('predict', options, ['threads', 'steps', ...FOLLOWED]);
    if (steps !== undefined) count('steps', steps);
    return new Followers(given).predicted(model, steps, (hooks) =>
      this.#batches(source, threads, steps, hooks),
    );
  }

  async #batches(
    source: BatchSource,
    threads: number | undefined,
    steps: number | undefined,
    hooks: Hooks,
  ): Promise<Tensor[]> {
    const reader = new BatchReader('x', source);
    const moment = new native.NativeMoment();
    const parts: Tensor[][] = [];
    try {
      for (let step = 0; step !== steps; step++) {
        const batch = await this.#network.end.or(reader.next());
        this.#network.checkAlive();
        if (!batch) break;
        await hooks?.begin(step);
        const outputs = await this.predict(batch.x, { ...asOneBatch(this.#network), threads }, moment);
        parts.push(outputs);
        await hooks?.end(step, perOutput(outputs));
      }
    } finally {
      moment.release();
      reader.close();
    }
    const [first] = parts;
    if (!first) throw argumentError('x', 'one batch at least', source);
    return first.map((_, i) => joined(parts.map((part) => part[i] as Tensor)));
  }

  /** As `predict`, on the calling thread. */
  predictSync(x: DataInput, options: PredictOptions): Tensor[] {
    const call = this.#network.nextInference();
    const { inputs, batchSize } = atOnce(this.#prepare(x, options));
    const { values, shapes } = split(inputs);
    const { randomSeed } = this.#network;
    return tensors(
      finite(inputs, () => this.#current.predictSync(values, shapes, batchSize, randomSeed, call)),
    );
  }

  /** Drops the program and gives its memory back; another is made when one is needed. */
  release(): void {
    this.#program?.release();
    this.#program = undefined;
  }

  *#prepare(x: DataInput, options: PredictOptions): Work<Prepared> {
    const names = ['batchSize', 'threads', 'steps', ...FOLLOWED] as const;
    const { batchSize: given, threads } = checkOptions('predict', options, names);
    const batchSize = batchSizeOf(this.#network, 'batchSize', given);
    checkThreads(threads);
    const inputs = yield* inputTensors(this.#network, 'x', x);
    rowsOf(inputs);
    return { inputs, batchSize, threads };
  }

  /** The program; the one before may have been released meanwhile, with the model or for a new one. */
  get #current(): NativePredictor {
    this.#program ??= this.#compile();
    return this.#program;
  }

  #compile(): NativePredictor {
    const trace = new Trace(false);
    return trace.run(() => {
      const outputs = this.#network.graph.replay(traceInputs(this.#network, trace));
      const { carried, next } = trace.carried();
      const state = carried.map((weight) => weight.variable);
      return guard(() => new native.NativePredictor(trace.graph, trace.ids(outputs), state, trace.ids(next)));
    });
  }
}

/** Elements and sizes, as the native core takes them. */
function split(inputs: readonly NamedTensor[]): { values: Tensor['data'][]; shapes: number[][] } {
  return {
    values: inputs.map(({ tensor }) => tensor.elements),
    shapes: inputs.map(({ tensor }) => [...tensor.shape]),
  };
}

/** Tensors one after the other along their first axis. */
function joined(parts: readonly Tensor[]): Tensor {
  const [first] = parts as [Tensor];
  const sizes = shapeText(first.shape.slice(1));
  const other = parts.find(({ shape }) => shapeText(shape.slice(1)) !== sizes);
  if (other) {
    const message = `batches gave outputs of rows ${sizes} and ${shapeText(other.shape.slice(1))}, which make no one tensor: predict them one by one`;
    throw new RidgelineError('ERR_SHAPE', message, { received: other.shape });
  }
  const data = zeros(
    first.dtype,
    parts.reduce((size, part) => size + part.size, 0),
  );
  let at = 0;
  for (const part of parts) {
    data.set(part.elements, at);
    at += part.size;
  }
  const rows = parts.reduce((sum, part) => sum + (part.shape[0] as number), 0);
  return new Tensor(data, [rows, ...first.shape.slice(1)], first.dtype);
}
