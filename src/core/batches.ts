/**
 * Batches that come one by one, from more data than fits the memory.
 */
import { argumentError, RidgelineError } from '../errors.js';
import { options as checkOptions, isPlain } from './check.js';
import type { DataInput } from './data-input.js';
import { isClass } from './registry.js';

/** A batch: rows, their labels, and how much each row weighs. */
export interface Batch<X = DataInput> {
  /** Rows of the inputs. */
  readonly x: X;
  /** Their labels; `predict` and `adapt` need none. */
  readonly y?: DataInput | undefined;
  /** How much each row or position counts. */
  readonly sampleWeight?: DataInput | undefined;
}

/** Batches one after the other. */
export type Batches<X = DataInput> = Iterable<Batch<X>> | AsyncIterable<Batch<X>>;

/** A function that begins them anew, for every epoch; or batches that go on from epoch to epoch. */
export type BatchSource<X = DataInput> = (() => Batches<X>) | AsyncIterable<Batch<X>> | Iterator<Batch<X>>;

/** True for what gives batches, and is no data by itself. */
export function isBatchSource<X = DataInput>(given: unknown): given is BatchSource<X> {
  if (typeof given === 'function') return !isClass(given);
  if (typeof given !== 'object' || given === null) return false;
  return Symbol.asyncIterator in given || typeof (given as { next?: unknown }).next === 'function';
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for what an iterable gives that is no iterator. */
function usable<I extends object>(argument: string, iterator: I): I {
  if (typeof (iterator as { next?: unknown } | undefined)?.next === 'function') return iterator;
  throw argumentError(`iterator of ${argument}`, 'an object with next()', iterator);
}

/** The iterator of what a source is or gives. */
function iteratorOf<X>(argument: string, of: unknown): Iterator<Batch<X>> | AsyncIterator<Batch<X>> {
  if (typeof of === 'object' && of !== null) {
    if (Symbol.asyncIterator in of)
      return usable(argument, (of as AsyncIterable<Batch<X>>)[Symbol.asyncIterator]());
    if (Symbol.iterator in of) return usable(argument, (of as Iterable<Batch<X>>)[Symbol.iterator]());
    if ('next' in of && typeof of.next === 'function') return of as Iterator<Batch<X>>;
  }
  throw argumentError(argument, 'an iterable of batches, or a function that gives one', of);
}

const KEYS = ['x', 'y', 'sampleWeight'] as const satisfies (keyof Batch)[];

/** The error that a source gave no batch where one was needed. */
export const noBatch = ({ argument }: { readonly argument: string }): RidgelineError =>
  new RidgelineError('ERR_ARGUMENT', `${argument} must give at least one batch, and gave none`, { argument });

/** Reads a source batch by batch. */
export class BatchReader<X = DataInput> {
  /** What users call the source. */
  readonly argument: string;
  readonly #source: BatchSource<X>;
  #iterator: Iterator<Batch<X>> | AsyncIterator<Batch<X>> | undefined;

  /** @param argument - What users call the source, for errors. */
  constructor(argument: string, source: BatchSource<X>) {
    this.argument = argument;
    this.#source = source;
  }

  /** True if the batches begin anew after an end. */
  get restarts(): boolean {
    return typeof this.#source === 'function';
  }

  /**
   * The next batch; none at the end.
   * @throws {RidgelineError} `ERR_ARGUMENT` for what is no batch; what the source throws.
   */
  async next(): Promise<Batch<X> | undefined> {
    const of = typeof this.#source === 'function' ? this.#source : () => this.#source;
    this.#iterator ??= iteratorOf(this.argument, of());
    const result: unknown = await this.#iterator.next();
    if (typeof result !== 'object' || result === null)
      throw argumentError(`next() of ${this.argument}`, 'an object with done and value', result);
    const { done, value } = result as IteratorResult<unknown, unknown>;
    if (done) {
      this.#iterator = undefined;
      return undefined;
    }
    const what = `batch of ${this.argument}`;
    if (isPlain(value) && 'x' in value) return checkOptions(what, value, KEYS) as unknown as Batch<X>;
    throw argumentError(what, 'an object with x, y and sampleWeight', value);
  }

  /** Tells the source that no more is wanted. One that is at work may take its time to hear of it. */
  close(): void {
    const iterator = this.#iterator;
    this.#iterator = undefined;
    (async () => iterator?.return?.())().catch(() => {});
  }
}
