/**
 * The graph that training makes small and evaluation measures: a model's losses, penalties and metrics in one trace.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import * as ops from '../ops/index.js';
import type { Compiled } from './compilation.js';
import type { LabelledData } from './labelled-data.js';
import { type Network, traceInputs } from './network.js';

/** See the module documentation; its penalties are those of the trace. */
export interface LossGraph {
  readonly trace: Trace;
  /** The loss without penalties. */
  readonly loss: SymbolicTensor;
  /** Total of each metric over a batch, losses of several outputs first. */
  readonly totals: SymbolicTensor[];
  /** What each total is divided by at last. */
  readonly weights: SymbolicTensor[];
}

/**
 * Traces the loss graph of a network for rows like these.
 * @throws {RidgelineError} What is wrong with a loss or metric, by its name and output, or with a layer.
 */
export function traceLoss(
  network: Network,
  compiled: Compiled,
  rows: Pick<LabelledData, 'labels' | 'weighted'>,
  training: boolean,
): LossGraph {
  const trace = new Trace(training);
  return trace.run(() => {
    const inputs = traceInputs(network, trace);
    const outputs = network.graph.replay(inputs);
    const truths = rows.labels.map((of, i) =>
      trace.inputLike(`y_${i}`, [null, ...of.shape.slice(1)], outputs[i] as SymbolicTensor, of.dtype),
    );
    const sampleWeight = rows.weighted ? trace.input('sample_weight', [null], 'float32') : undefined;
    const { outputNames } = network;
    const { losses, lossWeights, metrics, weightedMetrics } = compiled;
    const of = (i: number): string => (outputs.length > 1 ? `of output '${outputNames[i]}'` : '');
    const totals: SymbolicTensor[] = [];
    const weights: SymbolicTensor[] = [];
    let sum: SymbolicTensor | undefined;
    outputs.forEach((output, i) => {
      const loss = losses[i] as Loss;
      const each = within(`loss ${quoted(loss.name)}${of(i)}`, () =>
        loss.call(truths[i] as SymbolicTensor, output),
      );
      const one = reduced(trace, each, sampleWeight);
      const share = lossWeights[i] === 1 ? one : ops.mul(one, lossWeights[i] as number);
      sum = sum ? ops.add(sum, share) : share;
      if (outputs.length > 1) {
        const count = trace.size(inputs[0] as SymbolicTensor, 0);
        totals.push(ops.mul(one, count));
        weights.push(count);
      }
    });
    outputs.forEach((output, i) => {
      const measure = (metric: Metric, weight: SymbolicTensor | undefined): void => {
        const each = within(`metric ${quoted(metric.name)}${of(i)}`, () =>
          values('metric', metric.call(truths[i] as SymbolicTensor, output, losses[i])),
        );
        if (!weight) {
          totals.push(ops.sum(each));
          weights.push(trace.size(each));
          return;
        }
        const spread = along(weight, each);
        totals.push(ops.sum(ops.mul(each, spread)));
        weights.push(ops.sum(trace.emit('broadcastLike', [spread, each])[0] as SymbolicTensor));
      };
      for (const metric of metrics[i] ?? []) measure(metric, undefined);
      for (const metric of weightedMetrics[i] ?? []) measure(metric, sampleWeight);
    });
    for (const weight of network.trainableWeights) {
      if (weight.regularizer && !weight.regularizer.factors)
        trace.penalties.push(weight.regularizer.call(weight));
    }
    return { trace, loss: sum as SymbolicTensor, totals, weights };
  });
}

function quoted(name: string | undefined): string {
  return name === undefined ? '' : `'${name}' `;
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

/** What a loss or metric gave, which must be a value of the trace. */
function values(argument: string, given: unknown): SymbolicTensor {
  if (given instanceof SymbolicTensor && given.traced) return given;
  throw argumentError(argument, 'a function that gives a symbolic tensor', given);
}

/**
 * Sum of a loss' weighted values divided by their number, not by the sum of the weights: Keras' reduction.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for values that cannot be reduced so.
 */
export function reduced(trace: Trace, of: unknown, weight: SymbolicTensor | undefined): SymbolicTensor {
  const each = values('loss', of);
  if (weight && each.rank === 0) {
    throw new RidgelineError(
      'ERR_SHAPE',
      'the loss must give a value for each sample to be weighted by sampleWeight, received a scalar',
    );
  }
  if (each.dtype !== 'float32')
    throw new RidgelineError('ERR_DTYPE', `the loss must give float32, received ${each.dtype}`);
  const weighted = weight ? ops.mul(each, along(weight, each)) : each;
  return ops.div(ops.sum(weighted), trace.size(each));
}

/** `[batch]` as `[batch, 1, …]`, to broadcast against `each`. */
function along(weight: SymbolicTensor, each: SymbolicTensor): SymbolicTensor {
  return each.rank <= 1 ? weight : ops.reshape(weight, [null, ...each.shape.slice(1).map(() => 1)]);
}
