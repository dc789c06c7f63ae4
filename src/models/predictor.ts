/**
 * Prediction: the native program that computes outputs from inputs, made with its first use.
 */
import { options as checkOptions, threads as checkThreads } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { zeros } from '../core/elements.js';
import { shapeText, Tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { atOnce, inTurns, type Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import {
  guard,
  type NativeMoment,
  type NativePrediction,
  type NativePredictor,
  type NativeTensor,
  native,
  succeeded,
} from '../native.js';
import { batchSizeOf, fixedBatch } from './batch-size.js';
import { BatchReader, type BatchSource } from './batches.js';
import { finite } from './finite.js';
import { inputTensors, type NamedTensor, rowsOf } from './input-data.js';
import { carries, type Network, traceInputs } from './network.js';
import { pieceRows, piecewise } from './piecewise.js';

/** Options of {@link Model.predict}. */
export interface PredictOptions {
  /** Rows computed at a time. Default that of the inputs, or 32. */
  readonly batchSize?: number | undefined;
  /** Threads. Default `RIDGELINE_THREADS` or the cores this process may use. */
  readonly threads?: number | undefined;
}

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
   * The outputs for all rows, computed off the JavaScript thread; of the moment `given`, where others are of it too.
   * @throws {RidgelineError} As a rejection: `ERR_SHAPE`, `ERR_DTYPE`, `ERR_NON_FINITE`, `ERR_ARGUMENT`, `ERR_NATIVE`.
   */
  async predict(x: DataInput, options: PredictOptions, given?: NativeMoment): Promise<Tensor[]> {
    const { randomSeed } = this.#network;
    const call = this.#network.nextInference();
    const start = this.#start(x, options, randomSeed, call, given);
    const { event, inputs, batchSize, threads } = await inTurns(start);
    if (event) return tensors(succeeded(await event).tensors);
    const shapes = [
      ...inputs.map(({ tensor }) => tensor.shape),
      ...this.#network.graph.outputs.map((t) => t.shape),
    ];
    // What goes from batch to batch goes through all in order.
    const size = carries(this.#network) ? Number.POSITIVE_INFINITY : pieceRows(shapes, batchSize);
    const moment = given ?? new native.NativeMoment();
    const computed = piecewise(inputs, size, async ({ handles }, from) => {
      const first = from / batchSize;
      const run = guard(() =>
        this.#current.predictData(handles, batchSize, randomSeed, call, first, threads, moment),
      );
      return tensors(succeeded(await run).tensors);
    });
    return given ? computed : computed.finally(() => moment.release());
  }

  /** Starts the run of a few rows, from copies; many are only checked. */
  *#start(
    x: DataInput,
    options: PredictOptions,
    seed: number,
    call: number,
    moment: NativeMoment | undefined,
  ): Work<Prepared & { event?: Promise<NativePrediction> }> {
    const prepared = yield* this.#prepare(x, options);
    const { inputs, batchSize, threads } = prepared;
    const { values, shapes } = split(inputs);
    if (values.some(({ byteLength }) => byteLength > AT_ONCE)) return prepared;
    const run = (): Promise<NativePrediction> =>
      this.#current.predict(values, shapes, batchSize, seed, call, threads, moment);
    return { ...prepared, event: finite(inputs, run) };
  }

  /** As `predict`, of batches that come one by one. */
  async predictBatches(source: BatchSource, options: PredictOptions): Promise<Tensor[]> {
    const { threads } = checkOptions('predict', options, ['threads']);
    const reader = new BatchReader('x', source);
    const moment = new native.NativeMoment();
    const parts: Tensor[][] = [];
    try {
      for (;;) {
        const batch = await reader.next();
        if (!batch) break;
        const batchSize = fixedBatch(this.#network) ?? 2 ** 32 - 1;
        parts.push(await this.predict(batch.x, { batchSize, threads }, moment));
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
    const { batchSize: given, threads } = checkOptions('predict', options, ['batchSize', 'threads']);
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

function tensors(of: readonly NativeTensor[]): Tensor[] {
  return of.map((t) => Tensor.fromNative(t));
}
