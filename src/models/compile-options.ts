/**
 * What `compile` takes, and the types of what follows from it.
 */
import type { LossIdentifier } from '../losses/identifier.js';
import type { MetricIdentifier, MetricKey } from '../metrics/identifier.js';
import type { OptimizerIdentifier } from '../optimizers/identifier.js';
import type { TrainStep } from './own-step.js';

/** Something for each output, by its name. */
export type ByName<T> = Readonly<Record<string, T>>;

/** Metrics of every output, or of some by name. */
export type Metrics = readonly MetricIdentifier[] | ByName<MetricIdentifier | readonly MetricIdentifier[]>;

/** Options of {@link Model.compile}. */
export interface CompileOptions<M extends Metrics = Metrics, W extends Metrics = Metrics> {
  /** Optimizer or its name. Default `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerIdentifier | undefined;
  /**
   * Loss for all outputs, or one for each, in order or by name. An output left out, or of `null`, has none. A model without
   * any makes what its layers add small (`addLoss`, penalties); its fit takes `null` for labels.
   */
  readonly loss?:
    | LossIdentifier
    | readonly (LossIdentifier | null)[]
    | ByName<LossIdentifier | null>
    | null
    | undefined;
  /** Metrics of every output, or by the name of an output. */
  readonly metrics?: M | undefined;
  /** Metrics that sample weights apply to, in the same forms. */
  readonly weightedMetrics?: W | undefined;
  /** Factor of each output's loss, in order or by name, or one of all. Default 1. */
  readonly lossWeights?: number | readonly number[] | ByName<number> | undefined;
}

/** Options of {@link Model.compile} with a training step of one's own; `L` are keys of its logs. */
export interface OwnStepOptions<
  M extends Metrics = Metrics,
  W extends Metrics = Metrics,
  L extends string = string,
> extends CompileOptions<M, W> {
  /**
   * What a batch makes small, in `fit` and `trainOnBatch`, and what `evaluate` measures: a function of ops that is traced
   * once and run natively.
   */
  readonly trainStep: TrainStep<L>;
}

/** Options that ask for no metrics. */
export interface NoMetrics {
  readonly metrics?: undefined;
  readonly weightedMetrics?: undefined;
}

/** Keys of metrics in logs; those given by output carry names that the compiler does not know. */
export type KeysOf<M> = M extends readonly unknown[] ? MetricKey<M[number]> : string;

/** Keys of weighted metrics `W`: those that stand among `M` too have a name of their own. */
export type WeightedKeys<M, W> = Exclude<KeysOf<W>, KeysOf<M>> | `weighted_${Extract<KeysOf<W>, KeysOf<M>>}`;
