/**
 * What tells recurrent layers apart, and walks through time.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';

/** What tells one recurrent layer from another. */
export interface Cell {
  readonly op: 'lstm' | 'gru' | 'simpleRnn';
  readonly gates: number;
  readonly states: number;
  /** What the op is told besides. */
  readonly attributes?: { readonly resetAfter: boolean } | undefined;
}

/** In which order steps are taken, and where outputs stand. */
export interface Way {
  /** From the last step to the first. */
  readonly reverse: boolean;
  /** Outputs stand where their inputs do, rather than in the order in which they were made. */
  readonly aligned: boolean;
}

/** Factors of inputs and state. */
export interface Factors {
  /** Of the inputs of all gates, `[batch, 1, features]`. */
  readonly shared?: SymbolicTensor | undefined;
  /** Of the inputs of each gate, `[batch, gates, features]`. */
  readonly inputs?: SymbolicTensor | undefined;
  /** Of the state, for each gate, `[batch, gates·units]`. */
  readonly state?: SymbolicTensor | undefined;
}
