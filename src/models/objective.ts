/**
 * The objective: a model's outputs, losses, penalties and metrics, traced into one graph.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import type { DType } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import * as ops from '../ops/index.js';
import type { Model } from './model.js';

/** What a model is compiled with, resolved. */
export interface Compiled {
  /** One loss for each output. */
  readonly losses: readonly Loss[];
  /** Factor of each loss. */
  readonly lossWeights: readonly number[];
  /** Metrics of each output. */
  readonly metrics: readonly (readonly Metric[])[];
  /** Metrics of each output that sample weights apply to. */
  readonly weightedMetrics: readonly (readonly Metric[])[];
}

/** Labels as they will be fed. */
export interface LabelSpec {
  readonly shape: readonly number[];
  readonly dtype: DType;
}

/** An objective in its trace. */
export interface Objective {
  readonly trace: Trace;
  readonly loss: SymbolicTensor;
  readonly totals: SymbolicTensor[];
  readonly weights: SymbolicTensor[];
}

/** Keys of the metrics in logs, in the order of an objective's totals. */
export function metricKeys(model: Model, compiled: Compiled): string[] {
  const several = model.outputNames.length > 1;
  const prefix = (i: number): string => (several ? `${model.outputNames[i]}_` : '');
  const keys = several ? model.outputNames.map((name) => `${name}_loss`) : [];
  model.outputNames.forEach((_, i) => {
    for (const metric of [...(compiled.metrics[i] ?? []), ...(compiled.weightedMetrics[i] ?? [])]) {
      let key = prefix(i) + metric.name;
      for (let n = 1; keys.includes(key); n++) key = `${prefix(i)}${metric.name}_${n}`;
      keys.push(key);
    }
  });
  return keys;
}

/** Traces the objective of `model` for labels of these types. */
export function trace(
  model: Model,
  compiled: Compiled,
  labels: readonly LabelSpec[],
  weighted: boolean,
  training: boolean,
): Objective {
  const into = new Trace(training);
  return into.run(() => {
    const inputs = model.inputs.map((t, i) => into.input(model.inputNames[i] as string, t.shape, t.dtype));
    const truths = labels.map((of, i) => into.input(`y_${i}`, [null, ...of.shape.slice(1)], of.dtype));
    const sampleWeight = weighted ? into.input('sample_weight', [null], 'float32') : undefined;
    const outputs = model.replay(inputs);
    const name = (given: string | undefined): string => (given === undefined ? '' : `'${given}' `);
    const of = (i: number): string => (outputs.length > 1 ? `of output '${model.outputNames[i]}'` : '');
    const totals: SymbolicTensor[] = [];
    const weights: SymbolicTensor[] = [];
    let loss: SymbolicTensor | undefined;
    outputs.forEach((output, i) => {
      const objective = compiled.losses[i] as Loss;
      const each = within(`loss ${name(objective.name)}${of(i)}`, () =>
        objective.call(truths[i] as SymbolicTensor, output),
      );
      const one = reduced(into, each, sampleWeight);
      const share = compiled.lossWeights[i] === 1 ? one : ops.mul(one, compiled.lossWeights[i] as number);
      loss = loss ? ops.add(loss, share) : share;
      if (outputs.length > 1) {
        const rows = into.size(inputs[0] as SymbolicTensor, 0);
        totals.push(ops.mul(one, rows));
        weights.push(rows);
      }
    });
    outputs.forEach((output, i) => {
      const measure = (metric: Metric, weight: SymbolicTensor | undefined): void => {
        const each = within(`metric ${name(metric.name)}${of(i)}`, () =>
          metric.call(truths[i] as SymbolicTensor, output, compiled.losses[i]),
        );
        if (!weight) {
          totals.push(ops.sum(each));
          weights.push(into.size(each));
          return;
        }
        const spread = along(weight, each);
        totals.push(ops.sum(ops.mul(each, spread)));
        weights.push(ops.sum(into.emit('broadcastLike', [spread, each])[0] as SymbolicTensor));
      };
      for (const metric of compiled.metrics[i] ?? []) measure(metric, undefined);
      for (const metric of compiled.weightedMetrics[i] ?? []) measure(metric, sampleWeight);
    });
    for (const weight of model.trainableWeights) {
      if (weight.regularizer && !weight.regularizer.factors)
        into.penalties.push(weight.regularizer.call(weight));
    }
    return { trace: into, loss: loss as SymbolicTensor, totals, weights };
  });
}

/** Says in what an error of `work` came up. */
function within<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof RidgelineError)) throw error;
    const message = `${what.trim()}: ${error.message}`;
    throw new RidgelineError(error.code, message, error.details, { cause: error });
  }
}

/** @internal Sum of a loss' weighted values divided by their number, not by the sum of the weights: Keras' reduction. */
export function reduced(into: Trace, each: unknown, weight: SymbolicTensor | undefined): SymbolicTensor {
  if (!(each instanceof SymbolicTensor))
    throw argumentError('loss', 'a function that gives a symbolic tensor', each);
  if (weight && each.rank === 0) {
    throw new RidgelineError(
      'ERR_SHAPE',
      'the loss must give a value for each sample to be weighted by sampleWeight, received a scalar',
    );
  }
  if (each.dtype !== 'float32')
    throw new RidgelineError('ERR_DTYPE', `the loss must give float32, received ${each.dtype}`);
  const weighted = weight ? ops.mul(each, along(weight, each)) : each;
  return ops.div(ops.sum(weighted), into.size(each));
}

/** `[batch]` as `[batch, 1, …]`, to broadcast against `each`. */
function along(weight: SymbolicTensor, each: SymbolicTensor): SymbolicTensor {
  return each.rank <= 1 ? weight : ops.reshape(weight, [null, ...each.shape.slice(1).map(() => 1)]);
}
