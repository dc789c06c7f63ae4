/** Recurrent layers and their cells, and what wraps layers of sequences. */
export * from './bidirectional.js';
export * from './gru.js';
export * from './gru-cell.js';
export * from './lstm.js';
export * from './lstm-cell.js';
export type { Recurrent } from './recurrent.js';
export type { RecurrentCell } from './recurrent-cell.js';
export type {
  CellOptions,
  GatedOptions,
  GateOptions,
  RecurrentCallOptions,
  RecurrentOptions,
  ShownOptions,
} from './recurrent-options.js';
export * from './rnn.js';
export * from './simple-rnn.js';
export * from './simple-rnn-cell.js';
export * from './stacked-rnn-cells.js';
export * from './time-distributed.js';
