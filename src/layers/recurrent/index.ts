/** Recurrent layers, and what wraps layers of sequences. */
export * from './bidirectional.js';
export * from './gru.js';
export * from './lstm.js';
export type { Recurrent } from './recurrent.js';
export type {
  GatedOptions,
  RecurrentCallOptions,
  RecurrentOptions,
  RecurrentSettings,
} from './recurrent-options.js';
export * from './simple-rnn.js';
export * from './time-distributed.js';
