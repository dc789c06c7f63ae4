/**
 * Where within an epoch a fit stood when its state was saved, so that another can go on with the next batch.
 */

/** A batch of an epoch. */
export interface Spot {
  /** Index of the epoch. */
  readonly epoch: number;
  /** Batches of it that were trained. */
  readonly batch: number;
  /** Batches that it has, as far as that is known. */
  readonly batches?: number;
}

/** See the module documentation. */
export interface Place extends Required<Spot> {
  /** Steps that were made in all: what was saved while they went on is of no place. */
  readonly steps: number;
  /** Keys of what was measured. */
  readonly keys: readonly string[];
  /** Totals of losses and metrics so far. */
  readonly totals: readonly number[];
}

/** Whether a file's text says a place. */
export function isPlace(of: unknown): of is Place {
  const { epoch, batch, batches, steps, keys, totals } = (of ?? {}) as Partial<Record<keyof Place, unknown>>;
  const isList = (list: unknown, type: string): boolean =>
    Array.isArray(list) && list.every((x) => typeof x === type);
  const isCount = (x: unknown): boolean => Number.isSafeInteger(x) && (x as number) >= 0;
  return [epoch, batch, batches, steps].every(isCount) && isList(keys, 'string') && isList(totals, 'number');
}
