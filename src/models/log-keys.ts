/**
 * The numbers that training reports: their keys in logs, as in Keras, and their directions of improvement.
 */
import type { Logs } from '../callbacks/logs.js';
import { UniqueNames } from '../core/unique-names.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Compiled } from './compilation.js';
import type { Measure } from './loss-graph.js';

/** Keys that every log has, and the one that callbacks which change the learning rate add. */
const RESERVED = ['loss', 'penalty', 'loss_without_penalty', 'learning_rate'];

/**
 * Keys of the metrics, in the order of a loss graph's totals: losses of several outputs, then metrics by output. As in
 * Keras, a weighted metric that also stands among the others is `weighted_…`.
 * @throws {RidgelineError} `ERR_ARGUMENT` where two numbers would have one key, those of validation data included, or
 *   a key is one that every object has.
 */
export function metricKeys(outputNames: readonly string[], compiled: Compiled): string[] {
  const several = outputNames.length > 1;
  const { losses: all, metrics, weightedMetrics } = compiled;
  const losses =
    several && !compiled.trainStep ? outputNames.flatMap((name, i) => (all[i] ? `${name}_loss` : [])) : [];
  const measured = outputNames.flatMap((output, i) => {
    const plain = (metrics[i] ?? []).map(({ name }) => name);
    const weighted = (weightedMetrics[i] ?? []).map(({ name }) => name);
    // One that is asked for twice is numbered.
    const names = new UniqueNames();
    const all = [...plain, ...weighted.map((name) => (plain.includes(name) ? `weighted_${name}` : name))];
    return all.map((name) => (several ? `${output}_` : '') + names.take(name));
  });
  const keys = [...losses, ...measured];
  const taken = keys.find((key) => key in Object.prototype);
  if (taken !== undefined)
    throw argumentError('metrics', 'names that not every object has a property of', taken);
  const seen = new Set<string>();
  for (const key of [...RESERVED, ...keys].flatMap((key) => [key, `val_${key}`])) {
    if (seen.size === seen.add(key).size) {
      const message = `two numbers would be called '${key}': give outputs and metrics other names`;
      throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'metrics', received: key });
    }
  }
  return keys;
}

/**
 * Keys of metrics, and of what a step of one's own logs.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a log that is called as another number is.
 */
export function withLogs(keys: readonly string[], logs: readonly string[]): string[] {
  const isTaken = (key: string): boolean =>
    [...RESERVED, ...keys].includes(key) || key.startsWith('val_') || key in Object.prototype;
  const taken = logs.find(isTaken);
  if (taken === undefined) return [...keys, ...logs];
  throw argumentError('logs of trainStep', 'named as no other number is', taken);
}

/** What `evaluate` gives: numbers by key, and lists where a metric gives several. */
export type Measured = Record<string, number | readonly number[]>;

/** What the numbers of a program say, which are loss, penalty and the sums of measures, one for each of `keys`. */
export function measured(
  keys: readonly string[],
  measures: readonly Measure[],
  numbers: readonly number[],
): Measured {
  const [loss = 0, penalty = 0, ...sums] = numbers;
  const logs: Measured = { loss };
  let at = 0;
  keys.forEach((key, i) => {
    const measure = measures[i];
    const parts: Record<string, number[]> = {};
    for (const [name, size] of measure?.sums ?? []) {
      parts[name] = sums.slice(at, at + size);
      at += size;
    }
    // Of no batch at all there are no sums.
    logs[key] = measure && sums.length > 0 ? checked(key, measure.result(parts)) : 0;
  });
  logs.penalty = penalty;
  logs.loss_without_penalty = loss - penalty;
  return logs;
}

/** @throws {RidgelineError} `ERR_ARGUMENT` unless it is a number or several, which a metric of one's own may forget. */
function checked(key: string, result: number | readonly number[]): number | readonly number[] {
  const isNumber = (x: unknown): boolean => typeof x === 'number';
  if (isNumber(result) || (Array.isArray(result) && result.length > 0 && Array.from(result).every(isNumber)))
    return result;
  throw argumentError(`metric '${key}'`, 'a result that is a number or a list of numbers', result);
}

/** As {@link measured}, with the mean in the place of a list. */
export function logsOf(...given: Parameters<typeof measured>): Logs {
  const mean = (all: readonly number[]): number => all.reduce((a, b) => a + b, 0) / all.length;
  const entries = Object.entries(measured(...given));
  return Object.fromEntries(
    entries.map(([key, value]) => [key, typeof value === 'number' ? value : mean(value)]),
  ) as Logs;
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
