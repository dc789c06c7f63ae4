/**
 * Cells on top of each other, as Keras spells them.
 */
import type { Layer } from '../layer.js';

/** Several cells for {@link rnn}, of which each takes what the one before it gives: the list of them. */
export const stackedRnnCells = (cells: readonly Layer[]): readonly Layer[] => [...cells];
