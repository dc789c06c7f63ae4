/**
 * What `compile` is told, resolved for each output: losses, their factors, metrics.
 */
import { options as checkOptions, number, unknownName } from '../core/check.js';
import { argumentError } from '../errors.js';
import { getLoss, type LossIdentifier } from '../losses/identifier.js';
import type { Loss } from '../losses/loss.js';
import { getMetric, type MetricIdentifier, type MetricKey } from '../metrics/identifier.js';
import type { Metric } from '../metrics/metric.js';
import type { OptimizerIdentifier } from '../optimizers/identifier.js';
import type { Compiled } from './objective.js';

/** Something for each output, by its name. */
type ByName<T> = Readonly<Record<string, T>>;

/** Metrics of every output, or of some by name. */
export type Metrics = readonly MetricIdentifier[] | ByName<MetricIdentifier | readonly MetricIdentifier[]>;

/** Options of {@link Model.compile}. */
export interface CompileOptions<M extends Metrics = Metrics, W extends Metrics = Metrics> {
  /** Optimizer or its name. Default `rmsprop`, as in Keras. */
  readonly optimizer?: OptimizerIdentifier | undefined;
  /** Loss for all outputs, or one for each, in order or by name. */
  readonly loss: LossIdentifier | readonly LossIdentifier[] | ByName<LossIdentifier>;
  /** Metrics of every output, or by the name of an output. */
  readonly metrics?: M | undefined;
  /** Metrics that sample weights apply to, in the same forms. */
  readonly weightedMetrics?: W | undefined;
  /** Factor of each output's loss, in order or by name. Default 1. */
  readonly lossWeights?: readonly number[] | ByName<number> | undefined;
}

/** Options that ask for no metrics. */
export interface NoMetrics {
  readonly metrics?: undefined;
  readonly weightedMetrics?: undefined;
}

/** Keys of metrics in logs; those given by output carry names that the compiler does not know. */
export type KeysOf<M> = M extends readonly unknown[] ? MetricKey<M[number]> : string;

const NAMES = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'lossWeights'] as const;

/** A list or an object by name as a function of the output; names nobody has are errors. */
function byOutput<T>(
  argument: string,
  given: readonly T[] | ByName<T>,
  names: readonly string[] | undefined,
): (name: string, i: number) => T | undefined {
  if (Array.isArray(given)) {
    const count = names?.length ?? 1;
    if (given.length !== count) throw argumentError(argument, `a list for ${count} outputs`, given);
    return (_, i) => given[i];
  }
  if (typeof given !== 'object' || given === null)
    throw argumentError(argument, 'a list, or an object by the names of outputs', given);
  const named = given as ByName<T>;
  const unknown = names && Object.keys(named).find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName(argument, names as string[], unknown);
  return (name) => named[name];
}

function metric(argument: string, of: MetricIdentifier): Metric {
  const found = getMetric(argument, of);
  if (/^(loss|penalty|loss_without_penalty)$|^val_/.test(found.name))
    throw argumentError(argument, 'metrics whose names are no keys of losses', found.name);
  return found;
}

function metrics(
  argument: string,
  given: Metrics | undefined,
  names: readonly string[] | undefined,
): (name: string, i: number) => Metric[] {
  if (given === undefined || Array.isArray(given)) {
    const all = ((given ?? []) as readonly MetricIdentifier[]).map((of) => metric(argument, of));
    return () => all;
  }
  if (typeof given !== 'object' || given === null) throw argumentError(argument, 'a list', given);
  const found = Object.entries(given).map(([name, of]) => {
    const list = Array.isArray(of) ? of : [of];
    return [name, list.map((one: MetricIdentifier) => metric(`${argument} of output '${name}'`, one))];
  });
  const each = byOutput<Metric[]>(argument, Object.fromEntries(found), names);
  return (name, i) => each(name, i) ?? [];
}

/**
 * Checks the options of `compile` and resolves them for every output.
 *
 * @param names - Names of the outputs, if they are known; a model without input yet learns them with its first data.
 * @param outputs - The same, asked when they are needed.
 */
export function resolve(
  options: CompileOptions,
  names: readonly string[] | undefined,
  outputs: () => readonly string[],
): Compiled {
  const { loss, lossWeights } = checkOptions('compile', options, NAMES);
  if (loss === undefined || loss === null)
    throw argumentError('loss', 'a loss, its name or a function', loss);
  const several = Array.isArray(loss) || (typeof loss === 'object' && !('call' in loss));
  const each = several ? byOutput('loss', loss as ByName<LossIdentifier>, names) : undefined;
  const single = several ? undefined : getLoss('loss', loss as LossIdentifier);
  const lossOf = (name: string, i: number): Loss =>
    single ?? getLoss(`loss of output '${name}'`, each?.(name, i) as LossIdentifier);
  if (names || Array.isArray(loss)) (names ?? ['output']).forEach(lossOf);
  const weightOf = lossWeights === undefined ? undefined : byOutput('lossWeights', lossWeights, names);
  for (const [key, weight] of Object.entries(lossWeights ?? {})) number(`lossWeights[${key}]`, weight);
  const plain = metrics('metrics', options.metrics, names);
  const weighted = metrics('weightedMetrics', options.weightedMetrics, names);
  return {
    get losses() {
      return outputs().map(lossOf);
    },
    get lossWeights() {
      return outputs().map((name, i) => weightOf?.(name, i) ?? 1);
    },
    get metrics() {
      return outputs().map(plain);
    },
    get weightedMetrics() {
      return outputs().map(weighted);
    },
  };
}
