/**
 * The numbers that training reports: their keys in logs, as in Keras, and their directions of improvement.
 */
import type { Logs } from '../callbacks/logs.js';
import { UniqueNames } from '../core/unique-names.js';
import { RidgelineError } from '../errors.js';
import type { Compiled } from './compilation.js';

/** Keys of the metrics, in the order of a loss graph's totals: losses of several outputs, then metrics by output. */
export function metricKeys(outputNames: readonly string[], compiled: Compiled): string[] {
  const several = outputNames.length > 1;
  const { metrics, weightedMetrics } = compiled;
  const losses = several ? outputNames.map((name) => `${name}_loss`) : [];
  const names = new UniqueNames(losses);
  const measured = outputNames.flatMap((output, i) => {
    const prefix = several ? `${output}_` : '';
    const all = [...(metrics[i] ?? []), ...(weightedMetrics[i] ?? [])];
    return all.map((metric) => names.take(prefix + metric.name));
  });
  return [...losses, ...measured];
}

/** Logs from the numbers that a program gives: loss, penalty, then one for each of `keys`. */
export function logsOf(keys: readonly string[], values: readonly number[]): Logs {
  const [loss = 0, penalty = 0, ...metrics] = values;
  const logs: Logs = { loss };
  keys.forEach((key, i) => {
    logs[key] = metrics[i] as number;
  });
  logs.penalty = penalty;
  logs.loss_without_penalty = loss - penalty;
  return logs;
}

/**
 * Direction in which a logged number improves.
 * @throws {RidgelineError} `ERR_ARGUMENT` when it is not known.
 */
export function directionOf(key: string, compiled: Compiled): 'max' | 'min' {
  const plain = key.replace(/^val_/, '');
  if (/(^|_)loss(_without_penalty)?$|^penalty$/.test(plain)) return 'min';
  const all = [...compiled.metrics.flat(), ...compiled.weightedMetrics.flat()];
  const direction = all.find(
    (metric) => plain === metric.name || plain.endsWith(`_${metric.name}`),
  )?.direction;
  if (direction) return direction;
  throw new RidgelineError(
    'ERR_ARGUMENT',
    `mode must be 'min' or 'max' to watch '${key}', whose direction is not known`,
    {
      argument: 'mode',
      received: 'auto',
    },
  );
}
