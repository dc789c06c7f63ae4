/**
 * What the predictions themselves come to: their mean and their sum, to watch an output that has no labels to match.
 */
import { Trace } from '../core/trace.js';
import { float } from '../losses/labels.js';
import * as ops from '../ops/index.js';
import { along } from '../ops/masks.js';
import { defineMean, defineSums, type MetricFactory } from './metric.js';

/** Mean of the predictions over all samples and positions; that of a function of one's own is the function itself. */
export const mean: MetricFactory<'mean'> = defineMean<'mean'>({
  name: 'mean',
  direction: undefined,
  options: {},
  call: (_, __, yPred) => yPred,
});

/** Sum of the predictions over all samples and positions, each times its weight. */
export const sum: MetricFactory<'sum'> = defineSums<'sum'>({
  name: 'sum',
  direction: undefined,
  options: {},
  update: (_, __, yPred, weight) => {
    const of = float(yPred);
    const spread = weight ? along(weight, of) : Trace.running.value(1);
    return { total: ops.sum(ops.mul(of, spread)) };
  },
  result: (_, { total }) => total?.[0] ?? 0,
});
