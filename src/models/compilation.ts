/**
 * What a model is compiled with: the options of `compile`, checked and resolved for each output.
 */
import { options as checkOptions, isPlain, number, unknownName } from '../core/check.js';
import { argumentError } from '../errors.js';
import { getLoss, type LossIdentifier } from '../losses/identifier.js';
import type { Loss } from '../losses/loss.js';
import { getMetric, type MetricIdentifier } from '../metrics/identifier.js';
import type { Metric } from '../metrics/metric.js';
import { getOptimizer } from '../optimizers/identifier.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { ByName, CompileOptions, Metrics, OwnStepOptions } from './compile-options.js';
import type { TrainStep } from './own-step.js';

/** See the module documentation. Its lists are computed when they are read: read each once, not in a loop. */
export interface Compiled {
  /** The options it was made from. */
  readonly options: CompileOptions | OwnStepOptions;
  /** The optimizer. */
  readonly optimizer: Optimizer;
  /** A training step of one's own, if there is one. */
  readonly trainStep: TrainStep | undefined;
  /** The loss of each output, where it has one. */
  readonly losses: readonly (Loss | undefined)[];
  /** Indices of the outputs that have a loss or a metric, and so need labels. */
  readonly labelled: readonly number[];
  /** Factor of each loss. */
  readonly lossWeights: readonly number[];
  /** Metrics of each output. */
  readonly metrics: readonly (readonly Metric[])[];
  /** Metrics of each output that sample weights apply to. */
  readonly weightedMetrics: readonly (readonly Metric[])[];
}

const NAMES = ['optimizer', 'loss', 'metrics', 'weightedMetrics', 'lossWeights', 'trainStep'] as const;

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
  if (!isPlain(given)) throw argumentError(argument, 'a list, or an object by the names of outputs', given);
  const named = given as ByName<T>;
  const unknown = names && Object.keys(named).find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName(argument, names as string[], unknown);
  return (name) => named[name];
}

/** Factors of losses: one for all, or those of outputs. */
function lossWeightsBy(
  given: NonNullable<CompileOptions['lossWeights']>,
  names: readonly string[] | undefined,
): (name: string, i: number) => number | undefined {
  if (typeof given === 'number') {
    const all = number('lossWeights', given);
    return () => all;
  }
  const each = byOutput('lossWeights', given, names);
  for (const [key, weight] of Object.entries(given)) number(`lossWeights[${key}]`, weight);
  return each;
}

function metric(argument: string, of: MetricIdentifier): Metric {
  if (Array.isArray(of))
    throw argumentError(argument, "by the names of outputs for each its own, { output: ['mae'] }", of);
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
  if (!isPlain(given)) throw argumentError(argument, 'a list', given);
  const found = Object.entries(given).map(([name, of]) => {
    const list = Array.isArray(of) ? of : [of];
    return [name, list.map((one: MetricIdentifier) => metric(`${argument} of output '${name}'`, one))];
  });
  const each = byOutput<Metric[]>(argument, Object.fromEntries(found), names);
  return (name, i) => each(name, i) ?? [];
}

/** Lists of the model's own: those that were given may change. */
function copied(given: Metrics | undefined): Metrics | undefined {
  if (given === undefined || Array.isArray(given)) return given && [...given];
  const lists = Object.entries(given).map(([name, of]) => [name, Array.isArray(of) ? [...of] : of]);
  return Object.fromEntries(lists) as Metrics;
}

/**
 * Checks the options of `compile` and resolves them for every output.
 *
 * @param names - Names of the outputs, if they are known; a model without input yet learns them with its first data.
 * @param outputs - The same, asked when they are needed.
 * @throws {RidgelineError} `ERR_ARGUMENT` for unknown names or options.
 */
export function resolveCompile(
  options: CompileOptions | OwnStepOptions,
  names: readonly string[] | undefined,
  outputs: () => readonly string[],
): Compiled {
  const {
    loss,
    lossWeights,
    metrics: plainMetrics,
    weightedMetrics,
    trainStep,
    optimizer: trainer,
  } = checkOptions<Partial<OwnStepOptions>>('compile', options, NAMES);
  if (trainStep !== undefined && typeof trainStep !== 'function')
    throw argumentError('trainStep', 'a function', trainStep);
  const isFree = loss === undefined || loss === null;
  const several = isFree || Array.isArray(loss) || (typeof loss === 'object' && !('call' in loss));
  const each = several ? byOutput('loss', (loss ?? {}) as ByName<LossIdentifier | null>, names) : undefined;
  const single = several ? undefined : getLoss('loss', loss as LossIdentifier);
  const lossOf = (name: string, i: number): Loss | undefined => {
    const of = each?.(name, i);
    return single ?? (of === undefined || of === null ? undefined : getLoss(`loss of output '${name}'`, of));
  };
  const lossesOf = (all: readonly string[]): (Loss | undefined)[] => {
    const found = all.map(lossOf);
    if (isFree || found.some((of) => of !== undefined)) return found;
    throw argumentError('loss', `a loss for ${all.map((name) => `'${name}'`).join(' or ')}`, loss);
  };
  if (names || Array.isArray(loss)) lossesOf(names ?? ['output']);
  const weightOf = lossWeights === undefined ? undefined : lossWeightsBy(lossWeights, names);
  const isLabelled = (name: string, i: number): boolean =>
    lossOf(name, i) !== undefined || plain(name, i).length > 0 || weighted(name, i).length > 0;
  const plain = metrics('metrics', plainMetrics, names);
  const weighted = metrics('weightedMetrics', weightedMetrics, names);
  const optimizer = getOptimizer('optimizer', trainer ?? 'rmsprop');
  return {
    options: { ...options, metrics: copied(plainMetrics), weightedMetrics: copied(weightedMetrics) },
    optimizer,
    trainStep,
    get losses() {
      return lossesOf(outputs());
    },
    get labelled() {
      return outputs().flatMap((name, i) => (isLabelled(name, i) ? i : []));
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
