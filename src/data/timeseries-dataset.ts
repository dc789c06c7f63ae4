/**
 * Windows of a series, as batches that `fit` takes: Keras' `timeseries_dataset_from_array`.
 */
import { boolean, integer, nullable, type Settled, settle, type Table } from '../core/options.js';
import { nextSeed } from '../core/random.js';
import { type Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import { generator, mix, pick } from './rows.js';

/** Options of {@link timeseriesDataset}. */
export interface TimeseriesDatasetOptions {
  /** Steps of a window. */
  readonly sequenceLength: number;
  /** Steps from the begin of a window to that of the next. Default 1. */
  readonly sequenceStride?: number | undefined;
  /** Steps from one step of a window to the next. Default 1. */
  readonly samplingRate?: number | undefined;
  /** Windows of a batch. Default 128. */
  readonly batchSize?: number | undefined;
  /** Windows in another order in every epoch. Default false. */
  readonly shuffle?: boolean | undefined;
  /** Makes the orders the same in every run. Default: drawn from the global seed. */
  readonly seed?: number | null | undefined;
  /** The first step that is used. Default 0. */
  readonly startIndex?: number | undefined;
  /** The step behind the last that is used. Default the number of steps. */
  readonly endIndex?: number | null | undefined;
}

const OPTIONS: Table<TimeseriesDatasetOptions> = {
  sequenceLength: integer(1),
  sequenceStride: integer(1, 1),
  samplingRate: integer(1, 1),
  batchSize: integer(1, 128),
  shuffle: boolean(false),
  seed: nullable(integer(0, null)),
  startIndex: integer(0, 0),
  endIndex: nullable(integer(0, null)),
};

/** Windows and their targets. */
export interface WindowBatch {
  /** `[windows, sequenceLength, …]`. */
  readonly x: Tensor;
  /** The targets at the indices where the windows begin, if there are any. */
  readonly y?: Tensor;
}

/** Batches of windows, anew for every call: what `fit` takes for data. */
export type Windows = () => Generator<WindowBatch, void, void>;

/**
 * Windows of a series `[steps, …]`: each is `sequenceLength` steps of it, and its target the one at the index where it
 * begins. The result is what `fit`, `evaluate` and `predict` take for data; windows are made when they are asked for.
 *
 * @param data - The series.
 * @param targets - A target for each step, or `null`: `data.slice(delay)` predicts what comes after a delay.
 * @example
 * ```ts
 * const series = [1, 2, 3, 4, 5, 6];
 * const windows = timeseriesDataset(series, series.slice(3), { sequenceLength: 3, batchSize: 2 });
 * for (const { x, y } of windows()) console.log(x.toArray(), y?.toArray()); // [[1,2,3],[2,3,4]] [4,5], then [[3,4,5]] [6]
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or a series that is shorter than a window, and what is wrong
 *   with data.
 */
export function timeseriesDataset(
  data: TensorInput,
  targets: TensorInput | null | undefined,
  options: TimeseriesDatasetOptions,
): Windows {
  const of = settle<Settled<TimeseriesDatasetOptions>>('timeseriesDataset', OPTIONS, [options]);
  const [series, aims] = [tensor(data), targets == null ? undefined : tensor(targets)];
  const [steps] = series.shape;
  if (steps === undefined || aims?.shape[0] === 0 || aims?.rank === 0)
    throw new RidgelineError(
      'ERR_SHAPE',
      'timeseriesDataset expects a series of steps, and targets of as many',
    );
  const { sequenceLength, sequenceStride, samplingRate, batchSize, startIndex: first } = of;
  const end = of.endIndex ?? steps;
  if (end > steps || end <= first)
    throw argumentError('endIndex', `behind startIndex and at most ${steps}`, end);
  const span = (sequenceLength - 1) * samplingRate + 1;
  const whole = end - first - span + 1;
  const count = aims ? Math.min(whole, Math.min(aims.shape[0] as number, end) - first) : whole;
  if (count < 1)
    throw argumentError(
      'sequenceLength',
      `windows of at most the ${end - first} steps there are`,
      sequenceLength,
    );
  const begins: number[] = [];
  for (let at = first; at < first + count; at += sequenceStride) begins.push(at);
  const random = of.shuffle ? generator(of.seed ?? nextSeed()) : undefined;
  return function* (): Generator<WindowBatch, void, void> {
    const order = random ? mix([...begins], random) : begins;
    for (let at = 0; at < order.length; at += batchSize) {
      const batch = order.slice(at, at + batchSize);
      const rows = batch.flatMap((begin) =>
        Array.from({ length: sequenceLength }, (_, i) => begin + i * samplingRate),
      );
      const x = pick(series, rows).reshape([
        batch.length,
        sequenceLength as number,
        ...series.shape.slice(1),
      ]);
      yield aims ? { x, y: pick(aims, batch) } : { x };
    }
  };
}
