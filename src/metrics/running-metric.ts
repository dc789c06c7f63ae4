/**
 * A metric by itself, beside any model: its sums over what it was shown, as metric objects keep them in Keras.
 */
import { dispatch } from '../core/apply.js';
import { options as checkOptions, isPlain } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, type Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError, shapeError, within } from '../errors.js';
import { values } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { getMetric, type MetricIdentifier } from './identifier.js';
import type { Metric } from './metric.js';

/** Options of {@link RunningMetric.updateState}. */
export interface UpdateStateOptions {
  /** How much each sample counts, `[batch]`, or each position, `[batch, …]`. Default 1. */
  readonly sampleWeight?: TensorInput | undefined;
}

/**
 * A metric that is used by itself: on predictions that are at hand, batch by batch or all at once.
 *
 * @example
 * ```ts
 * const auc = new metrics.RunningMetric('auc');
 * auc.updateState([0, 0, 1, 1], [0, 0.5, 0.3, 0.9]);
 * console.log(auc.result()); // 0.75
 * ```
 */
export class RunningMetric {
  /** The metric, which has no state of its own. */
  readonly metric: Metric;
  readonly #sums = new Map<string, Float64Array>();

  /**
   * @param metric - A metric, its name, or a function, as `compile` takes them.
   * @throws {RidgelineError} `ERR_ARGUMENT` for what is no metric.
   */
  constructor(metric: MetricIdentifier) {
    this.metric = getMetric('metric', metric);
  }

  /** Its name. */
  get name(): string {
    return this.metric.name;
  }

  /**
   * Adds a batch, at once and on the calling thread. When it throws, nothing was added.
   *
   * @param yTrue - Labels in any form that a model's would have, `[batch, …]`.
   * @param yPred - Predictions `[batch, …]`; a vector is a column.
   * @throws {RidgelineError} `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT` for what does not fit.
   */
  updateState(yTrue: TensorInput, yPred: TensorInput, options: UpdateStateOptions = {}): void {
    const { sampleWeight } = checkOptions('updateState', options, ['sampleWeight']);
    const given = { yTrue, yPred, ...(sampleWeight === undefined ? {} : { sampleWeight }) };
    const [labels, predictions, weights] = Object.entries(given).map(([argument, value]) =>
      within(argument, () => tensor(value)),
    ) as [Tensor, Tensor, Tensor | undefined];
    if (predictions.rank === 0) throw shapeError('yPred', '[batch, …]', '[]');
    const scores = predictions.rank === 1 ? predictions.reshape([-1, 1]) : predictions;
    const [batch] = scores.shape;
    for (const [argument, of] of Object.entries({ yTrue: labels, sampleWeight: weights })) {
      if (of && (of.rank === 0 || of.shape[0] !== batch))
        throw shapeError(argument, `${batch} rows, as yPred has`, shapeText(of.shape));
    }
    const added = within(`metric '${this.name}'`, () => this.#increments(labels, scores, weights));
    for (const [name, of] of added) {
      const before = this.#sums.get(name);
      if (before && before.length !== of.size)
        throw shapeError(
          `sum '${name}' of ${this.name}`,
          `${before.length} numbers, as before`,
          `${of.size}`,
        );
    }
    for (const [name, of] of added) {
      const sum = this.#sums.get(name) ?? new Float64Array(of.size);
      for (const [i, value] of of.data.entries()) sum[i] = (sum[i] as number) + value;
      this.#sums.set(name, sum);
    }
  }

  /** What a batch adds. */
  #increments(yTrue: Tensor, yPred: Tensor, weight: Tensor | undefined): [name: string, of: Tensor][] {
    let names: string[] = [];
    const weights = weight ? [ops.cast(weight, 'float32')] : [];
    const found = Trace.aside(() =>
      dispatch({ label: this.name }, [yTrue, yPred, ...weights], (operands) => {
        const [labels, scores, weight] = operands.map((one) => Trace.running.value(one)) as [
          SymbolicTensor,
          SymbolicTensor,
          SymbolicTensor | undefined,
        ];
        const added: unknown = this.metric.update(labels, scores, weight, undefined);
        if (!isPlain(added)) throw argumentError('what update() gives', 'an object of sums by name', added);
        names = Object.keys(added);
        return Object.values(added).map((of) => ops.cast(values('a sum', of), 'float32'));
      }),
    );
    return names.map((name, i) => [name, found[i] as Tensor]);
  }

  /**
   * What all batches give since the beginning, or since {@link RunningMetric.resetState}; of some metrics several numbers.
   * @throws {RidgelineError} `ERR_ARGUMENT` where there were none.
   */
  result(): number | readonly number[] {
    if (this.#sums.size === 0)
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `the metric '${this.name}' has seen nothing: call updateState first`,
      );
    return this.metric.result(Object.fromEntries([...this.#sums].map(([name, of]) => [name, [...of]])));
  }

  /** Forgets all batches. */
  resetState(): void {
    this.#sums.clear();
  }
}
