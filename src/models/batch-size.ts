/**
 * Rows of a batch: as many as are asked for, as the inputs of a network say, or 32.
 */
import { count } from '../core/check.js';
import { argumentError } from '../errors.js';
import type { Network } from './network.js';

/** What the inputs of a network say, if they do. */
export const fixedBatch = (network: Network): number | undefined =>
  (network.isConnected ? network.graph.inputs[0]?.shape[0] : undefined) ?? undefined;

/**
 * Rows of a batch.
 * @param argument - What the user calls it.
 * @throws {RidgelineError} `ERR_ARGUMENT` unless it is a whole number from 1, and the one that the inputs say, if they do.
 */
export function batchSizeOf(
  network: Network,
  argument: string,
  given: number | undefined,
  fallback = 32,
): number {
  const fixed = fixedBatch(network);
  const size = count(argument, given ?? fixed ?? fallback);
  if (fixed === undefined || size === fixed) return size;
  throw argumentError(argument, `${fixed}, the batchSize of the model's inputs`, given);
}

/** Rows that no data has more of. */
const ALL = 2 ** 31 - 1;

/** The option by which all rows are one batch: as many as the inputs say, if they do. */
export const asOneBatch = (network: Network): { readonly batchSize?: number } =>
  fixedBatch(network) === undefined ? { batchSize: ALL } : {};
