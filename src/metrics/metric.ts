/**
 * What a metric is: sums over an epoch, of which a number is made in the end.
 *
 * The step computes what a batch adds to them, in the same pass as the loss, and the core adds it up in f64.
 */
import { isName } from '../core/check.js';
import { camel } from '../core/names.js';
import { type OptionTable, option, type Settled, save, settle, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Trace } from '../core/trace.js';
import { argumentError } from '../errors.js';
import { pair } from '../losses/labels.js';
import type { Loss } from '../losses/loss.js';
import { spreadLike, values } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { along } from '../ops/masks.js';

/** What a batch adds to the sums of a metric, by name: float32 of sizes that do not depend on the batch. */
export type Increments = Readonly<Record<string, SymbolicTensor>>;

/** Sums over all batches, by name, in row-major order; that of a scalar has one element. */
export type Sums = Readonly<Record<string, readonly number[]>>;

/** A metric: what batches add to its sums, and the number that these give. */
export interface Metric<N extends string = string> {
  /** Key in logs and history. */
  readonly name: N;
  /** Direction of improvement, if it is known. */
  readonly direction: 'max' | 'min' | undefined;
  /** What a batch adds to the sums. `weight` is `[batch]`, or `[batch, …]` for positions. */
  update(
    yTrue: SymbolicTensor,
    yPred: SymbolicTensor,
    weight: SymbolicTensor | undefined,
    loss: Loss | undefined,
  ): Increments;
  /** The number that the sums give; of several numbers `fit` logs the mean, and `evaluate` all. */
  result(sums: Sums): number | readonly number[];
  /** @internal What makes it, by name: the factory, the class, or a function of one's own. */
  readonly kind?: string | undefined;
  /** @internal The function that it was made of, if it was. */
  readonly source?: unknown;
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig?(): Record<string, unknown> | undefined;
}

/** What every metric can be told. */
export type MetricOptions<N extends string> = {
  /** Key in logs and history. */
  readonly name?: N | undefined;
};

// `NoInfer`: where any metric is expected its key would be any too.
/** Makes a metric with key `D`, or the one it is told. @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
export type MetricFactory<D extends string, C extends object = Record<never, never>> = <N extends string = D>(
  options?: C & MetricOptions<N>,
) => Metric<NoInfer<N>>;

/** Makes a metric that has to be told something. @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
export type ToldMetricFactory<D extends string, C extends object> = <N extends string = D>(
  options: C & MetricOptions<N>,
) => Metric<NoInfer<N>>;

/** What defines a metric that is made of sums. */
interface SumsDefinition<D extends string, C extends object> {
  /** Key in logs and history, unless another one is given. */
  readonly name: D;
  readonly direction: 'max' | 'min' | undefined;
  readonly options: Table<C> & OptionTable;
  /** What a batch adds to the sums. */
  readonly update: (
    options: Settled<C>,
    yTrue: SymbolicTensor,
    yPred: SymbolicTensor,
    weight: SymbolicTensor | undefined,
    loss: Loss | undefined,
  ) => Increments;
  /** What they give. */
  readonly result: (options: Settled<C>, sums: Sums) => number | readonly number[];
}

/** A factory of metrics that are made of sums. */
export function defineSums<D extends string, C extends object = Record<never, never>>(
  of: SumsDefinition<D, C>,
): MetricFactory<D, C> {
  const where = camel(of.name);
  const key = option((argument, given): string => {
    if (isName(given)) return given;
    throw argumentError(argument, 'a key in logs', given);
  }, of.name);
  const table: OptionTable = { name: key, ...of.options };
  return (<N extends string>(...given: [options?: C & MetricOptions<N>]): Metric<N> => {
    const options = settle<Settled<C> & { name: N }>(where, table, given);
    return {
      name: options.name,
      kind: where,
      direction: of.direction,
      getConfig: () => save(table, options),
      update: (yTrue, yPred, weight, loss) => of.update(options, ...pair(yTrue, yPred), weight, loss),
      result: (sums) => of.result(options, sums),
    };
  }) as MetricFactory<D, C>;
}

/** The weighted total of values and the total of their weights. */
export function totals(each: unknown, weight: SymbolicTensor | undefined): Increments {
  const trace = Trace.running;
  const of = ops.cast(values('metric', each), 'float32');
  if (!weight) return { total: ops.sum(of), weight: trace.size(of) };
  const spread = along(weight, of);
  return { total: ops.sum(ops.mul(of, spread)), weight: ops.sum(spreadLike(trace, spread, of)) };
}

/** The mean that totals give, 0 of nothing. */
export const mean = ({ total, weight }: Sums): number => quotient(total?.[0] ?? 0, weight?.[0] ?? 0);

/** `a / b`, 0 where there is nothing to divide by. */
export const quotient = (a: number, b: number): number => (b === 0 ? 0 : a / b);

/** What defines a metric that is a mean of values. */
interface MeanDefinition<D extends string, C extends object>
  extends Omit<SumsDefinition<D, C>, 'update' | 'result'> {
  /** One value for each sample or position, `[batch, …]`. */
  readonly call: (
    options: Settled<C>,
    yTrue: SymbolicTensor,
    yPred: SymbolicTensor,
    loss: Loss | undefined,
  ) => SymbolicTensor;
  /** What becomes of the mean in the end. Default the mean itself. */
  readonly finish?: (mean: number) => number;
}

/** A factory of metrics that are means of values. */
export function defineMean<D extends string, C extends object = Record<never, never>>(
  of: MeanDefinition<D, C>,
): MetricFactory<D, C> {
  return defineSums<D, C>({
    ...of,
    update: (options, yTrue, yPred, weight, loss) => totals(of.call(options, yTrue, yPred, loss), weight),
    result: (_, sums) => (of.finish ? of.finish(mean(sums)) : mean(sums)),
  });
}
