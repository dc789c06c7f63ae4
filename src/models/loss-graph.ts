/**
 * The graph that training makes small and evaluation measures: a model's losses, penalties and metrics in one trace.
 */
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { EPSILON } from '../losses/labels.js';
import type { Loss } from '../losses/loss.js';
import type { Metric } from '../metrics/metric.js';
import * as ops from '../ops/index.js';
import type { Compiled } from './compilation.js';
import type { RowsSpec } from './labelled-data.js';
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
  rows: RowsSpec,
  training: boolean,
): LossGraph {
  const trace = new Trace(training);
  return trace.run(() => {
    const inputs = traceInputs(network, trace);
    const outputs = network.graph.replay(inputs);
    const truths: SymbolicTensor[] = [];
    for (const { output, shape, dtype } of rows.labels) {
      const like = outputs[output] as SymbolicTensor;
      truths[output] = trace.inputLike(`y_${output}`, [null, ...shape.slice(1)], like, dtype);
    }
    const sampleWeights: SymbolicTensor[] = [];
    for (const { outputs: of, positions } of rows.weights) {
      const like = outputs[of[0] as number] as SymbolicTensor;
      const weight = trace.inputLike('sample_weight', [null, ...positions], like, 'float32');
      for (const output of of) sampleWeights[output] = weight;
    }
    const { outputNames } = network;
    const { losses, lossWeights, metrics, weightedMetrics } = compiled;
    const several = outputs.length > 1;
    const of = (i: number): string => (several ? `of output '${outputNames[i]}'` : '');
    const totals: SymbolicTensor[] = [];
    const weights: SymbolicTensor[] = [];
    let sum: SymbolicTensor | undefined;
    outputs.forEach((output, i) => {
      const loss = losses[i];
      if (!loss) return;
      const one = within(`loss ${quoted(loss.name)}${of(i)}`, () =>
        reduced(trace, loss, [truths[i] as SymbolicTensor, output], sampleWeights[i]),
      );
      const share = lossWeights[i] === 1 ? one : ops.mul(one, lossWeights[i] as number);
      sum = sum ? ops.add(sum, share) : share;
      if (several) {
        const count = trace.size(inputs[0] as SymbolicTensor, 0);
        totals.push(ops.mul(one, count));
        weights.push(count);
      }
    });
    outputs.forEach((output, i) => {
      const measure = (metric: Metric, weight: SymbolicTensor | undefined): void => {
        within(`metric ${quoted(metric.name)}${of(i)}`, () => {
          const each = values('metric', metric.call(truths[i] as SymbolicTensor, output, losses[i]));
          const spread = weight && along(weight, each);
          totals.push(ops.sum(spread ? ops.mul(each, spread) : each));
          weights.push(spread ? ops.sum(spreadLike(trace, spread, each)) : trace.size(each));
        });
      };
      for (const metric of metrics[i] ?? []) measure(metric, undefined);
      for (const metric of weightedMetrics[i] ?? []) measure(metric, sampleWeights[i]);
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
 * The values of a loss as one, by Keras' reductions. By default it is the sum of the weighted values divided by their
 * number, not by the sum of the weights. Where some do not count, the number is of those that do.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_SHAPE` or `ERR_DTYPE` for values that cannot be reduced so.
 */
export function reduced(
  trace: Trace,
  loss: Pick<Loss, 'call' | 'valid' | 'reduction'>,
  [yTrue, yPred]: readonly [SymbolicTensor, SymbolicTensor],
  weight: SymbolicTensor | undefined,
): SymbolicTensor {
  const each = values('loss', loss.call(yTrue, yPred));
  if (weight && each.rank === 0) {
    throw new RidgelineError(
      'ERR_SHAPE',
      'the loss must give a value for each sample to be weighted by sampleWeight, received a scalar',
    );
  }
  if (each.dtype !== 'float32')
    throw new RidgelineError('ERR_DTYPE', `the loss must give float32, received ${each.dtype}`);
  const { reduction = 'sumOverBatchSize' } = loss;
  const weights = weight && along(weight, each);
  const valid = loss.valid?.(yTrue, yPred, each);
  const mask = valid && ops.cast(valid, 'float32');
  // What does not count may be anything, even infinite.
  const counted = mask ? ops.where(valid, each, 0) : each;
  const sum = ops.sum(weights ? ops.mul(counted, weights) : counted);
  if (reduction === 'sum') return sum;
  if (reduction === 'meanWithSampleWeight' && weights) {
    const spread = mask ? ops.mul(mask, weights) : spreadLike(trace, weights, each);
    return quotient(sum, ops.sum(spread));
  }
  // Keras' divisor, which is never 0.
  return ops.div(sum, mask ? ops.add(ops.sum(mask), EPSILON) : trace.size(each));
}

/** Weights, one for each value. */
function spreadLike(trace: Trace, weights: SymbolicTensor, each: SymbolicTensor): SymbolicTensor {
  return trace.emit('broadcastLike', [weights, each])[0];
}

/** `a / b`, 0 where there is nothing to divide by. */
function quotient(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
  const none = ops.equal(b, 0);
  return ops.where(none, 0, ops.div(a, ops.where(none, 1, b)));
}

/** `[batch, …]` as `[batch, …, 1, …]`, to broadcast against `each`. */
function along(weight: SymbolicTensor, each: SymbolicTensor): SymbolicTensor {
  const more = each.rank - weight.rank;
  if (more < 0) throw shapeError('sampleWeight', `at most ${each.rank} axes`, shapeText(weight.shape));
  if (more === 0) return weight;
  return ops.reshape(weight, [...weight.shape, ...Array.from({ length: more }, () => 1)]);
}
