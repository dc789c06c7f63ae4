/**
 * Options that all recurrent layers share.
 */
import type { ActivationIdentifier } from '../../activations/identifier.js';
import type { ConstraintIdentifier } from '../../constraints/identifier.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { InitializerIdentifier } from '../../initializers/identifier.js';
import type { RegularizerIdentifier } from '../../regularizers/identifier.js';
import type { CallOptions } from '../arguments.js';
import {
  activation,
  type BiasOptions,
  boolean,
  integer,
  type KernelOptions,
  type LayerOptions,
  type RandomOptions,
  random,
  rate,
  type Settled,
  type Table,
  weight,
} from '../options.js';

/** Options of every cell. */
export interface CellOptions extends LayerOptions, KernelOptions, BiasOptions, RandomOptions {
  /**
   * Activation of the state. `'tanh'`, `'linear'`, `'sigmoid'`, `'hardSigmoid'`, `'relu'`, `'elu'`, `'softsign'` and
   * `'softplus'` go through time in one native op, others in a scan of ops, which takes longer. Default `'tanh'`.
   */
  readonly activation?: ActivationIdentifier | undefined;
  /** Adds a bias. Default true. */
  readonly useBias?: boolean | undefined;
  /** Initial kernel of the state. Default `orthogonal`. */
  readonly recurrentInitializer?: InitializerIdentifier | undefined;
  /** Penalty on the kernel of the state. */
  readonly recurrentRegularizer?: RegularizerIdentifier | undefined;
  /** What the kernel of the state is projected to after each step. */
  readonly recurrentConstraint?: ConstraintIdentifier | undefined;
  /** Share of the inputs that are zeroed in training, the same in every step of time, in [0, 1). Default 0. */
  readonly dropout?: number | undefined;
  /**
   * Share of the state that is zeroed in training before it is used, the same in every step of time, in [0, 1). With it
   * every gate has masks of its own, for inputs too. Default 0.
   */
  readonly recurrentDropout?: number | undefined;
}

/** What a recurrent layer gives. */
export interface ShownOptions {
  /** Gives the outputs of all steps, `[batch, time, units]`, rather than that of the last. Default false. */
  readonly returnSequences?: boolean | undefined;
  /** Gives the last states too, in a list behind the output. Default false. */
  readonly returnState?: boolean | undefined;
  /** Goes from the last step to the first; outputs stand in the order in which they were made. Default false. */
  readonly goBackwards?: boolean | undefined;
  /** Gives 0 for masked steps, rather than the state before, the first of several. Default false. */
  readonly zeroOutputForMask?: boolean | undefined;
  /**
   * Begins a batch where the one before ended, row by row, in training, evaluation and prediction, until `resetState()` is
   * called. The input must say its `batchSize`. Default false.
   */
  readonly stateful?: boolean | undefined;
  /** Keras' wish for a graph without a loop. Here steps are native in either case, so it changes nothing. Default false. */
  readonly unroll?: boolean | undefined;
}

/** Options of every recurrent layer. */
export interface RecurrentOptions extends CellOptions, ShownOptions {}

/** Option of cells with gates. */
export interface GateOptions {
  /** Activation of the gates. Default `'sigmoid'`. */
  readonly recurrentActivation?: ActivationIdentifier | undefined;
}

/** Options of recurrent layers with gates. */
export interface GatedOptions extends RecurrentOptions, GateOptions {}

/** What a call of a recurrent layer takes. */
export interface RecurrentCallOptions extends CallOptions {
  /** The state before the first step, or the states, each `[batch, units]`. Default zeros. */
  readonly initialState?: SymbolicTensor | readonly SymbolicTensor[] | undefined;
}

/** Arguments of a call of a recurrent layer. */
export type RecurrentInputs = [x: SymbolicTensor, options?: RecurrentCallOptions];

/** Options of a layer that gives its output alone. */
export interface OutputAlone {
  readonly returnState?: false | undefined;
}

/** Options of a layer that gives its last states too. */
export interface WithStates {
  readonly returnState: true;
}

/** Its output, and its last states. */
export type OutputAndStates = [output: SymbolicTensor, ...states: SymbolicTensor[]];

/** The table of {@link CellOptions}. */
export const cell: Table<CellOptions> = {
  activation: activation('tanh'),
  useBias: boolean(true),
  kernel: weight('glorotUniform'),
  recurrent: weight('orthogonal'),
  bias: weight('zeros'),
  dropout: rate(0),
  recurrentDropout: rate(0),
  ...random,
};

/** The table of {@link ShownOptions}. */
export const shown: Table<ShownOptions> = {
  returnSequences: boolean(false),
  returnState: boolean(false),
  goBackwards: boolean(false),
  zeroOutputForMask: boolean(false),
  stateful: boolean(false),
  unroll: boolean(false),
};

/** The table of {@link GateOptions}. */
export const gates: Table<GateOptions> = { recurrentActivation: activation('sigmoid') };

/** The size of the state. */
export const units = integer(1);

/** Checked options of a cell, whatever it is. */
export type CellSettings = Settled<CellOptions & GateOptions & { readonly units: number }>;

/** Checked options of a recurrent layer. */
export type RecurrentSettings = Settled<ShownOptions>;
