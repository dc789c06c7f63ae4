/**
 * Cells on top of each other, as Keras spells them.
 */
import { argumentError } from '../../errors.js';
import type { Layer } from '../layer.js';

/**
 * Several cells for {@link rnn}, of which each takes what the one before it gives: the list of them.
 * @throws {RidgelineError} `ERR_ARGUMENT` for no list.
 */
export function stackedRnnCells(cells: readonly Layer[]): readonly Layer[] {
  if (Array.isArray(cells)) return [...(cells as readonly Layer[])];
  throw argumentError('cells', 'a list of cells', cells);
}
