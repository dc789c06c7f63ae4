/**
 * What a metric is: streaming totals over an epoch, divided by their weights.
 */
import { isWellFormed } from '../core/check.js';
import { camel } from '../core/names.js';
import { type OptionTable, option, type Settled, save, settle, type Table } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import { pair } from '../losses/labels.js';
import type { Loss } from '../losses/loss.js';

/** A metric: a value for each sample, of which the epoch's mean is logged. */
export interface Metric<N extends string = string> {
  /** Key in logs and history. */
  readonly name: N;
  /** Direction of improvement, if it is known. */
  readonly direction: 'max' | 'min' | undefined;
  /** One value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor, loss: Loss | undefined): SymbolicTensor;
  /** @internal What makes it, by name: the factory, or a function of one's own. */
  readonly kind?: string | undefined;
  /** @internal The function that it was made of, if it was. */
  readonly source?: unknown;
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig(): Record<string, unknown> | undefined;
}

/** What every metric can be told. */
export type MetricOptions<N extends string> = {
  /** Key in logs and history. */
  readonly name?: N | undefined;
};

/** Makes a metric with key `D`, or the one it is told. @throws {RidgelineError} `ERR_ARGUMENT` for bad options. */
export type MetricFactory<D extends string, C extends object = Record<never, never>> = <N extends string = D>(
  options?: C & MetricOptions<N>,
) => Metric<N>;

/** What defines a metric. */
interface MetricDefinition<D extends string, C extends object> {
  /** Key in logs and history, unless another one is given. */
  readonly name: D;
  readonly direction: 'max' | 'min';
  readonly options: Table<C> & OptionTable;
  /** One value for each sample or position, `[batch, …]`. */
  readonly call: (
    options: Settled<C>,
    yTrue: SymbolicTensor,
    yPred: SymbolicTensor,
    loss: Loss | undefined,
  ) => SymbolicTensor;
}

/** A factory of metrics. */
export function defineMetric<D extends string, C extends object = Record<never, never>>(
  of: MetricDefinition<D, C>,
): MetricFactory<D, C> {
  const where = camel(of.name);
  const key = option((argument, given): string => {
    if (typeof given === 'string' && given !== '' && isWellFormed(given)) return given;
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
      call: (yTrue, yPred, loss) => of.call(options, ...pair(yTrue, yPred), loss),
    };
  }) as MetricFactory<D, C>;
}
