/**
 * Learning from data ahead of training, such as a vocabulary: from all of it at once, or from batches that come one by
 * one.
 */
import { argumentError } from '../errors.js';
import { BatchReader, type BatchSource, isBatchSource, noBatch } from './batches.js';
import * as check from './check.js';
import { inTurns, othersTurn, type Work } from './turns.js';

/** How `adapt` goes through batches. */
export interface AdaptOptions {
  /** Batches to take, where they go on for ever. Default all. */
  readonly steps?: number | undefined;
}

/** What learns. */
export interface Learning<X> {
  /** Takes data, which may be a part of it. */
  take(data: X): Work<void>;
  /** Makes use of all that was taken, which may be work of its own. */
  end(): Work<void> | undefined;
  /** Comes last, whether all went well or not. */
  over?(): void;
}

/**
 * Learns from data, or from batches of it, once `begin` has made what learns. What takes a few milliseconds and is there
 * at once is done when this returns.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, what is no batch or none at all; what the source or the
 *   learning throws.
 */
export async function adaptTo<X>(
  data: X | BatchSource<X>,
  options: AdaptOptions | undefined,
  begin: () => Learning<X>,
): Promise<void> {
  const { steps } = check.options<AdaptOptions>('adapt', options, ['steps']);
  const most = steps === undefined ? Number.POSITIVE_INFINITY : check.count('steps', steps);
  if (isBatchSource<X>(data)) return fromBatches(new BatchReader('data', data), most, begin());
  if (steps !== undefined) throw argumentError('steps', 'given with batches alone', steps);
  return inTurns(fromAll(data, begin()));
}

function* fromAll<X>(data: X, learning: Learning<X>): Work<void> {
  try {
    yield* learning.take(data);
    yield* learning.end() ?? [];
  } finally {
    learning.over?.();
  }
}

async function fromBatches<X>(reader: BatchReader<X>, most: number, learning: Learning<X>): Promise<void> {
  try {
    let taken = 0;
    while (taken < most) {
      const batch = await reader.next();
      if (!batch) break;
      await inTurns(learning.take(batch.x));
      taken++;
      // Each may be brief and at hand, and all of them long.
      await othersTurn();
    }
    if (taken === 0) throw noBatch(reader);
    const last = learning.end();
    if (last) await inTurns(last);
  } finally {
    reader.close();
    learning.over?.();
  }
}
