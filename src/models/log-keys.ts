/**
 * The numbers that training reports: their keys in logs, as in Keras, and their directions of improvement.
 */
import type { Logs } from '../callbacks/logs.js';
import { UniqueNames } from '../core/unique-names.js';
import { RidgelineError } from '../errors.js';
import type { Compiled } from './compilation.js';

/** Keys that every log has. */
const ALWAYS = ['loss', 'penalty', 'loss_without_penalty'];

/**
 * Keys of the metrics, in the order of a loss graph's totals: losses of several outputs, then metrics by output. As in
 * Keras, a weighted metric that also stands among the others is `weighted_…`.
 * @throws {RidgelineError} `ERR_ARGUMENT` where two numbers would have one key, those of validation data included.
 */
export function metricKeys(outputNames: readonly string[], compiled: Compiled): string[] {
  const several = outputNames.length > 1;
  const { losses: all, metrics, weightedMetrics } = compiled;
  const losses = several ? outputNames.flatMap((name, i) => (all[i] ? `${name}_loss` : [])) : [];
  const measured = outputNames.flatMap((output, i) => {
    const plain = (metrics[i] ?? []).map(({ name }) => name);
    const weighted = (weightedMetrics[i] ?? []).map(({ name }) => name);
    // One that is asked for twice is numbered.
    const names = new UniqueNames();
    const all = [...plain, ...weighted.map((name) => (plain.includes(name) ? `weighted_${name}` : name))];
    return all.map((name) => (several ? `${output}_` : '') + names.take(name));
  });
  const keys = [...losses, ...measured];
  const seen = new Set<string>();
  for (const key of [...ALWAYS, ...keys].flatMap((key) => [key, `val_${key}`])) {
    if (seen.size === seen.add(key).size) {
      const message = `two numbers would be called '${key}': give outputs and metrics other names`;
      throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'metrics', received: key });
    }
  }
  return keys;
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
