/**
 * The memory that a training step needs, said before it is taken.
 */
import { count } from '../core/check.js';
import { argumentError } from '../errors.js';
import { batchSizeOf } from './batch-size.js';
import type { Network } from './network.js';

/** Of which batch. */
export interface StepMemoryOptions {
  /** Says the peak memory of a training step on so many rows; the model must be compiled. Default: nothing is said. */
  readonly batchSize?: number | undefined;
  /** What stands there for sizes that are unknown, such as the length of sequences. */
  readonly length?: number | undefined;
}

/** What tells how many bytes a training step needs for inputs of some shapes. */
export interface Measured {
  stepBytes(shapes: readonly (readonly number[])[]): readonly [variables: number, values: number];
}

const megabytes = (bytes: number): string =>
  `${(bytes / 2 ** 20).toLocaleString('en-US', { maximumFractionDigits: bytes < 2 ** 20 ? 3 : 1 })} MiB`;

/**
 * A line about the memory of a training step: weights with what the optimizer keeps of them, and the most that values and
 * gradients take at a time. The data is not in it.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, and where an input has an unknown size and no `length` is given.
 */
export function stepMemory(network: Network, measured: Measured, options: StepMemoryOptions): string {
  const rows = batchSizeOf(network, 'batchSize', options.batchSize);
  const length = options.length === undefined ? undefined : count('length', options.length);
  const shapes = network.graph.inputs.map(({ shape }) =>
    shape.slice(1).map((size) => {
      if (size !== null || length !== undefined) return size ?? (length as number);
      throw argumentError('length', 'given, for inputs of an unknown size', undefined);
    }),
  );
  const [variables, values] = measured.stepBytes(shapes.map((shape) => [rows, ...shape]));
  const per = length === undefined ? '' : ` of length ${length}`;
  return (
    `Memory of a training step on ${rows} rows${per}: ${megabytes(variables)} of weights and optimizer state, ` +
    `${megabytes(values)} of values and gradients`
  );
}
