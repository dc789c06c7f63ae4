/**
 * Native programs that train and evaluate a model: made for labels of one form, and kept while they stay alike.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { alike, traced } from '../core/traced.js';
import type { Projection, Weight } from '../core/weight.js';
import { within } from '../errors.js';
import type { Layer } from '../layers/layer.js';
import {
  guard,
  type NativeCounters,
  type NativeEvaluator,
  type NativeTraced,
  type NativeTrainable,
  type NativeTrainer,
  type NativeVariable,
  native,
} from '../native.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { tracedUpdate } from '../optimizers/own-update.js';
import type { Compiled } from './compilation.js';
import type { RowsSpec } from './labelled-data.js';
import { metricKeys, withLogs } from './log-keys.js';
import { type LossGraph, type Measure, traceLoss } from './loss-graph.js';
import type { Network } from './network.js';
import type { OptimizerState } from './optimizer-state.js';

/** Programs for one kind of labels; the trainer only once there is something to train. */
interface Kept {
  readonly key: string;
  readonly evaluator: NativeEvaluator;
  trainer: NativeTrainer | undefined;
}

/** See the module documentation. */
export class NativePrograms {
  readonly #network: Network;
  readonly #compiled: Compiled;
  readonly #slots: OptimizerState;
  readonly #counters: NativeCounters;
  #kept: Kept | undefined;
  #measures: readonly Measure[] = [];
  #logs: readonly string[] = [];

  constructor(network: Network, compiled: Compiled, slots: OptimizerState, counters: NativeCounters) {
    this.#network = network;
    this.#compiled = compiled;
    this.#slots = slots;
    this.#counters = counters;
  }

  /** Drops them, after a change of the network. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Drops them for good and gives their memory back. */
  release(): void {
    this.#kept?.evaluator.release();
    this.#kept?.trainer?.release();
    this.forget();
  }

  #for(rows: RowsSpec): Kept {
    const weights = this.#network.trainableWeights;
    const key = JSON.stringify([
      rows.labels.map((l) => [l.dtype, l.shape.slice(1)]),
      rows.weights.map((w) => [w.outputs, w.positions]),
      weights.map((w) => w.path),
      flags(this.#network.layers),
    ]);
    if (this.#kept?.key === key) return this.#kept;
    const keys = metricKeys(this.#network.outputNames, this.#compiled);
    const { variables, l1, l2 } = penalized(weights);
    const of = traceLoss(this.#network, this.#compiled, rows, false);
    withLogs(keys, of.logs);
    const { carried, next } = of.trace.carried();
    const state = carried.map((weight) => weight.variable);
    const evaluator = guard(
      () =>
        new native.NativeEvaluator(of.trace.graph, handles(of), variables, l1, l2, state, of.trace.ids(next)),
    );
    this.#kept = { key, evaluator, trainer: undefined };
    this.#measures = of.measures;
    this.#logs = of.logs;
    return this.#kept;
  }

  /** What the numbers of a program stand for, which it gives as loss, penalty and sums. */
  get measures(): readonly Measure[] {
    return this.#measures;
  }

  /** Keys of the last of the measures, which a step of one's own logs. */
  get logs(): readonly string[] {
    return this.#logs;
  }

  /**
   * The program that computes loss and metrics for rows like these.
   * @throws {RidgelineError} `ERR_ARGUMENT` for two numbers of one name; what is wrong with a loss, a metric or a layer, by its name.
   */
  evaluator(rows: RowsSpec): NativeEvaluator {
    return this.#for(rows).evaluator;
  }

  /**
   * The program that trains on rows like these.
   * @throws {RidgelineError} As `evaluator`; `ERR_MEMORY`.
   */
  trainer(rows: RowsSpec): NativeTrainer {
    const kept = this.#for(rows);
    if (kept.trainer) return kept.trainer;
    const weights = this.#network.trainableWeights;
    // A model around it may have named them.
    this.#network.locate('');
    this.#compiled.optimizer.checkWeights(this.#network.weights);
    const of = traceLoss(this.#network, this.#compiled, rows, true);
    const state = [...of.trace.assigned].flatMap(([weight, all]) =>
      all.map((next) => [weight, next] as const),
    );
    const trainables = weights.map((w) => trainable(w, this.#compiled.optimizer, this.#slots.slots(w)));
    kept.trainer = guard(
      () =>
        new native.NativeTrainer(
          of.trace.graph,
          handles(of),
          this.#compiled.optimizer.parts.map((part) => part.native),
          trainables,
          state.map(([weight]) => weight.variable),
          of.trace.ids(state.map(([, next]) => next)),
          kept.evaluator,
          this.#counters,
          this.#network.randomSeed,
          of.parts.map(({ loss, weights }) => ({ loss: of.trace.ids([loss])[0] as number, weights })),
        ),
    );
    return kept.trainer;
  }
}

/** Which layers are trainable, those inside others too: what they compute may depend on it. */
function flags(layers: readonly Layer[]): unknown[] {
  return layers.map(({ trainable, layers: inner }) => [trainable, flags(inner)]);
}

/** Handles of a loss graph's values. */
function handles({
  trace: of,
  loss,
  sums,
}: LossGraph): ConstructorParameters<typeof native.NativeEvaluator>[1] {
  return {
    loss: of.ids([loss])[0] as number,
    penalties: of.ids(of.penalties),
    sums: of.ids(sums),
  };
}

/** A weight with all that training does to it. */
function trainable(weight: Weight, whole: Optimizer, slots: NativeVariable[]): NativeTrainable {
  const optimizer = whole.partOf(weight);
  const part = whole.parts.indexOf(optimizer);
  const { constraint, variable } = weight;
  const { l1, l2 } = factorsOf(weight);
  const config = !constraint || constraint.call ? undefined : JSON.stringify(constraint.getConfig());
  const projection = constraint?.call && projectionOf(weight, constraint);
  const update = optimizer.update && tracedUpdate(optimizer, weight);
  const decay = optimizer.decayOf(weight);
  return guard(
    () => new native.NativeTrainable(variable, l1, l2, slots, decay, part, config, projection, update),
  );
}

/** A constraint of one's own, traced. */
export function projectionOf({ path, shape }: Weight, constraint: Projection): NativeTraced {
  return within(`the constraint of '${path}'`, () =>
    traced(`constraint of ${path}`, [['weight', shape]], ([weight]) => [
      alike('what it gives', constraint.call?.(weight as SymbolicTensor), shape),
    ]),
  );
}

/** Factors of the penalty that native code knows; one of one's own is in the loss. */
const factorsOf = ({ regularizer }: Weight): { readonly l1: number; readonly l2: number } =>
  regularizer?.factors ?? { l1: 0, l2: 0 };

/** Weights with the factors of their penalties. */
function penalized(weights: readonly Weight[]): { variables: NativeVariable[]; l1: number[]; l2: number[] } {
  const factors = weights.map(factorsOf);
  return {
    variables: weights.map((w) => w.variable),
    l1: factors.map(({ l1 }) => l1),
    l2: factors.map(({ l2 }) => l2),
  };
}
