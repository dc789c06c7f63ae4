/**
 * Data on its way in: from what users pass to tensors that fit the inputs and outputs of a network.
 */
import { isPlain } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { type DType, shapeText, type Tensor, type TensorInput, tensorFrom } from '../core/tensor.js';
import type { Work } from '../core/turns.js';
import { RidgelineError, shapeError, show } from '../errors.js';
import type { Network } from './network.js';

/** A tensor to learn from, named for messages. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
  /** What its elements must be, if anything; looked at as they are copied. */
  readonly check?: ElementCheck | undefined;
}

/** What elements must be. */
export interface ElementCheck {
  fits(x: number): boolean;
  /** The error about an element that is not so. */
  fault(x: number): Error;
}

/**
 * The tensor for each of `names`.
 *
 * @param argument - What the user calls the whole.
 * @param dtypes - Types that the tensors take; their own where `undefined`.
 * @throws {RidgelineError} `ERR_ARGUMENT` for data that is missing or that nobody asked for, and what is wrong with a
 *   tensor, by its name.
 */
export function* byName(
  argument: string,
  data: DataInput,
  names: readonly string[],
  dtypes: readonly (DType | undefined)[],
): Work<NamedTensor[]> {
  if (data === undefined || data === null) {
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `${argument} is missing; expected data for ${names.join(', ')}`,
      { argument },
    );
  }
  const named: NamedTensor[] = [];
  for (const [i, { name, value }] of values(argument, data, names).entries())
    named.push({ name, tensor: yield* convert(name, value, dtypes[i]) });
  return named;
}

function* convert(name: string, value: TensorInput, dtype: DType | undefined): Work<Tensor> {
  try {
    return yield* tensorFrom(value, dtype);
  } catch (error) {
    if (!(error instanceof RidgelineError)) throw error;
    throw new RidgelineError(
      error.code,
      `${name}: ${error.message}`,
      { ...error.details, argument: name },
      { cause: error },
    );
  }
}

/** What is there for each of `names`, and what to call it. */
function values(
  argument: string,
  data: DataInput,
  names: readonly string[],
): { name: string; value: TensorInput }[] {
  if (isPlain(data)) {
    const byKey = data as Readonly<Record<string, TensorInput>>;
    const known = new Set(names);
    const unknown = Object.keys(data).find((key) => !known.has(key));
    if (unknown !== undefined) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `${argument} has '${unknown}'; the model has ${names.join(', ')}`,
        { argument, received: unknown },
      );
    }
    return names.map((name) => {
      const value = byKey[name];
      if (value === undefined)
        throw new RidgelineError('ERR_ARGUMENT', `${argument} lacks '${name}'`, { argument: name });
      return { name: `${argument}.${name}`, value };
    });
  }
  if (names.length === 1) return [{ name: argument, value: data as TensorInput }];
  if (Array.isArray(data) && data.length === names.length)
    return names.map((name, i) => ({ name: `${argument}.${name}`, value: data[i] as TensorInput }));
  throw new RidgelineError(
    'ERR_ARGUMENT',
    `${argument} must have data for ${names.join(', ')}, received ${show(data)}`,
    { argument },
  );
}

/** The tensor in the shape of an input; a vector serves an input of one column. */
function fitInput({ name, tensor: given }: NamedTensor, { shape: expected }: SymbolicTensor): NamedTensor {
  const t =
    given.rank + 1 === expected.length && expected.at(-1) === 1 ? given.reshape([...given.shape, 1]) : given;
  const fits =
    t.rank === expected.length &&
    expected.every((d, axis) => axis === 0 || d === null || d === t.shape[axis]);
  if (!fits) {
    const row = expected.slice(1);
    const isRow = given.rank === row.length && row.every((d, axis) => d === null || d === given.shape[axis]);
    const hint = isRow ? '; one row is to be wrapped: [row]' : '';
    throw shapeError(name, shapeText(expected), shapeText(given.shape) + hint);
  }
  const [batch] = expected;
  const rows = t.shape[0] as number;
  if (batch && rows % batch !== 0)
    throw shapeError(name, `${shapeText(expected)}, or rows for several such batches`, shapeText(t.shape));
  return { name, tensor: t };
}

/**
 * The tensor for each input of a network; one that has no input yet learns it from the data.
 * @throws {RidgelineError} As {@link byName}, and `ERR_SHAPE` for a shape that is not that of the input.
 */
export function* inputTensors(network: Network, argument: string, x: DataInput): Work<NamedTensor[]> {
  let given = x;
  if (!network.isConnected) {
    const [first] = (yield* byName('x', x, ['x'], [undefined])) as [NamedTensor];
    network.ready(first.tensor.shape);
    given = first.tensor;
  }
  const { inputs, inputNames } = network.graph;
  const types = inputs.map((t) => t.dtype);
  const named = yield* byName(argument, given, inputNames, types);
  return named.map((data, i) => fitInput(data, inputs[i] as SymbolicTensor));
}

/**
 * Number of rows of all data.
 * @throws {RidgelineError} `ERR_SHAPE` when they do not agree, or there are none.
 */
export function rowsOf(data: readonly NamedTensor[]): number {
  const [first] = data as readonly [NamedTensor];
  const rows = first.tensor.shape[0];
  if (rows === undefined)
    throw shapeError(first.name, 'rows along its first axis', shapeText(first.tensor.shape));
  if (rows === 0)
    throw new RidgelineError('ERR_SHAPE', `${first.name} has no rows`, { argument: first.name });
  for (const { name, tensor: t } of data) {
    if (t.shape[0] !== rows) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `${name} has ${t.shape[0] ?? 'no'} rows, ${first.name} has ${rows}`,
        { argument: name },
      );
    }
  }
  return rows;
}
