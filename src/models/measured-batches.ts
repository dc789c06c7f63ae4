/**
 * Batches that are measured one by one: their numbers add up, and callbacks hear of each. Those of one kind, which one
 * program measures, are of one moment.
 */
import {
  guard,
  type NativeData,
  type NativeEvaluator,
  type NativeMoment,
  native,
  succeeded,
} from '../native.js';
import type { BatchHooks } from './followers.js';
import type { Network } from './network.js';
import type { UploadedData } from './uploaded-data.js';

/** How rows are measured. */
export interface Measuring {
  /** Rows of a batch. */
  readonly size: number;
  /** Batches at most. Default all. */
  readonly steps?: number;
  /** Who hears of batches. */
  readonly hooks: BatchHooks<readonly number[]> | undefined;
  readonly threads: number | undefined;
}

/** Loss, penalty and metrics of rows in native memory: batch by batch where somebody hears of them, or not of all. */
export async function measure(
  network: Network,
  evaluator: NativeEvaluator,
  { handles, rows }: UploadedData,
  { size, steps, hooks, threads }: Measuring,
): Promise<number[]> {
  const all = Math.ceil(rows / size);
  const most = steps ?? all;
  if (!hooks && most === all) {
    const { randomSeed } = network;
    const call = network.nextInference();
    const run = guard(() => evaluator.evaluate(handles, size, randomSeed, call, threads));
    return succeeded(await run).logs;
  }
  const batches = new MeasuredBatches(network, threads, hooks);
  try {
    for (let i = 0; i < most && !hooks?.isOver(); i++)
      await batches.add(evaluator, handles, i * size, (i + 1) * size);
    return batches.logs;
  } finally {
    batches.release();
  }
}

/** See the module documentation. */
export class MeasuredBatches {
  readonly #network: Network;
  readonly #threads: number | undefined;
  readonly #hooks: BatchHooks<readonly number[]> | undefined;
  readonly #totals = new native.NativeTotals();
  readonly #moments = new Map<NativeEvaluator, NativeMoment>();
  readonly #call: number;
  #batches = 0;

  constructor(
    network: Network,
    threads: number | undefined,
    hooks: BatchHooks<readonly number[]> | undefined,
  ) {
    this.#network = network;
    this.#threads = threads;
    this.#hooks = hooks;
    this.#call = network.nextInference();
  }

  /** Measures rows from `from` to `to`, or to the last one. */
  async add(evaluator: NativeEvaluator, rows: NativeData[], from: number, to: number): Promise<void> {
    const batch = this.#batches++;
    const { randomSeed } = this.#network;
    const moment = this.#moments.get(evaluator) ?? new native.NativeMoment();
    this.#moments.set(evaluator, moment);
    await this.#hooks?.begin(batch);
    const run = guard(() =>
      evaluator.add(rows, from, to, batch, randomSeed, this.#call, this.#threads, this.#totals, moment),
    );
    succeeded(await run);
    await this.#hooks?.end(batch, this.#totals.logs());
  }

  /** Loss, penalty and what metrics are made of, of all batches so far. */
  get logs(): number[] {
    return this.#totals.logs();
  }

  /** Lets go of the weights of its moments. */
  release(): void {
    for (const moment of this.#moments.values()) moment.release();
  }
}
