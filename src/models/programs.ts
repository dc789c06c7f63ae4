/**
 * Programs of a model: the objective traced for the labels at hand, made once and kept while they stay alike.
 */
import type { Weight } from '../core/weight.js';
import {
  guard,
  type NativeCounters,
  type NativeEvaluator,
  type NativeTrainer,
  type NativeVariable,
  native,
} from '../native.js';
import type { LabelledRows } from './labelled.js';
import type { Model } from './model.js';
import { type Objective, trace } from './objective.js';

/** Programs for one kind of labels; the trainer only once there is something to train. */
interface Kept {
  readonly key: string;
  readonly evaluator: NativeEvaluator;
  trainer: NativeTrainer | undefined;
}

/** See the module documentation. */
export class Programs {
  readonly #model: Model;
  readonly #counters: NativeCounters;
  readonly #slots = new Map<Weight, NativeVariable[]>();
  #kept: Kept | undefined;

  constructor(model: Model, counters: NativeCounters) {
    this.#model = model;
    this.#counters = counters;
  }

  /** Drops them, after a change of the model. */
  forget(): void {
    this.#kept = undefined;
  }

  /** Drops them for good and gives their memory back. */
  release(): void {
    this.#kept?.evaluator.release();
    this.#kept?.trainer?.release();
    this.forget();
  }

  /** The optimizer's state for a weight. */
  slots(weight: Weight): NativeVariable[] {
    let slots = this.#slots.get(weight);
    if (!slots) {
      slots = guard(() => this.#model.optimizer.native.slots(weight.variable));
      this.#slots.set(weight, slots);
    }
    return slots;
  }

  /** True once the optimizer has state. */
  get hasSlots(): boolean {
    return this.#slots.size > 0;
  }

  #for(rows: LabelledRows): Kept {
    const model = this.#model;
    const weights = model.trainableWeights;
    const key = JSON.stringify([
      rows.labels.map((l) => [l.dtype, l.shape.slice(1)]),
      rows.weighted,
      weights.map((w) => w.path),
    ]);
    if (this.#kept?.key === key) return this.#kept;
    const { variables, l1, l2 } = penalized(weights);
    const of = trace(model, model.compiled, rows.labels, rows.weighted, false);
    const evaluator = guard(() => new native.NativeEvaluator(of.trace.graph, handles(of), variables, l1, l2));
    this.#kept = { key, evaluator, trainer: undefined };
    return this.#kept;
  }

  /** The program that computes loss and metrics for rows like these. */
  evaluator(rows: LabelledRows): NativeEvaluator {
    return this.#for(rows).evaluator;
  }

  /** The program that trains on rows like these. */
  trainer(rows: LabelledRows): NativeTrainer {
    const kept = this.#for(rows);
    if (kept.trainer) return kept.trainer;
    const model = this.#model;
    const weights = model.trainableWeights;
    const { variables, l1, l2 } = penalized(weights);
    const of = trace(model, model.compiled, rows.labels, rows.weighted, true);
    const state = [...of.trace.nextState];
    kept.trainer = guard(
      () =>
        new native.NativeTrainer(
          of.trace.graph,
          handles(of),
          model.optimizer.native,
          variables,
          l1,
          l2,
          [],
          weights.flatMap((w) => this.slots(w)),
          state.map(([weight]) => weight.variable),
          of.trace.ids(state.map(([, next]) => next)),
          kept.evaluator,
          this.#counters,
          model.randomSeed,
        ),
    );
    return kept.trainer;
  }
}

/** Handles of an objective's values. */
function handles({
  trace: of,
  loss,
  totals,
  weights,
}: Objective): ConstructorParameters<typeof native.NativeEvaluator>[1] {
  return {
    loss: of.ids([loss])[0] as number,
    penalties: of.ids(of.penalties),
    totals: of.ids(totals),
    weights: of.ids(weights),
  };
}

/** Weights with the factors of their penalties. */
function penalized(weights: readonly Weight[]): { variables: NativeVariable[]; l1: number[]; l2: number[] } {
  const factors = (kind: 'l1' | 'l2'): number[] => weights.map((w) => w.regularizer?.factors?.[kind] ?? 0);
  return { variables: weights.map((w) => w.variable), l1: factors('l1'), l2: factors('l2') };
}
