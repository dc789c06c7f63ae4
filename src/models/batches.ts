/**
 * Data on its way in: from what users pass to checked native rows.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { type DType, shapeText, Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { RidgelineError, shapeError, show } from '../errors.js';
import { guard, type NativeData, native } from '../native.js';

/** Data for one or several inputs or outputs: one value, a list, or one by name. */
export type DataInput = TensorInput | readonly TensorInput[] | Record<string, TensorInput>;

/** A tensor to learn from, named for messages. */
export interface NamedTensor {
  readonly name: string;
  readonly tensor: Tensor;
}

function isRecord(value: unknown): value is Record<string, TensorInput> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !ArrayBuffer.isView(value) &&
    !(value instanceof Tensor)
  );
}

/** The tensor for each of `names`; `argument` is what the user calls the whole. */
export function byName(
  argument: string,
  data: DataInput,
  names: readonly string[],
  dtypes: readonly (DType | undefined)[],
): NamedTensor[] {
  if (data === undefined || data === null) {
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `${argument} is missing; expected data for ${names.join(', ')}`,
      { argument },
    );
  }
  const one = (value: TensorInput, name: string, i: number): NamedTensor => {
    try {
      return { name, tensor: tensor(value, dtypes[i] ? { dtype: dtypes[i] } : {}) };
    } catch (error) {
      if (!(error instanceof RidgelineError)) throw error;
      throw new RidgelineError(
        error.code,
        `${name}: ${error.message}`,
        { ...error.details, argument: name },
        { cause: error },
      );
    }
  };
  if (isRecord(data)) {
    const unknown = Object.keys(data).find((key) => !names.includes(key));
    if (unknown !== undefined) {
      throw new RidgelineError(
        'ERR_ARGUMENT',
        `${argument} has '${unknown}'; the model has ${names.join(', ')}`,
        { argument, received: unknown },
      );
    }
    return names.map((name, i) => {
      const value = data[name];
      if (value === undefined)
        throw new RidgelineError('ERR_ARGUMENT', `${argument} lacks '${name}'`, { argument: name });
      return one(value, `${argument}.${name}`, i);
    });
  }
  if (names.length === 1) return [one(data as TensorInput, argument, 0)];
  if (Array.isArray(data) && data.length === names.length) {
    return names.map((name, i) => one(data[i] as TensorInput, `${argument}.${name}`, i));
  }
  throw new RidgelineError(
    'ERR_ARGUMENT',
    `${argument} must have data for ${names.join(', ')}, received ${show(data)}`,
    { argument },
  );
}

/** Checks data against the inputs of a model; a vector serves an input of one column. */
export function fitInputs(data: readonly NamedTensor[], inputs: readonly SymbolicTensor[]): NamedTensor[] {
  return data.map(({ name, tensor: given }, i) => {
    const expected = (inputs[i] as SymbolicTensor).shape;
    const t =
      given.rank + 1 === expected.length && expected.at(-1) === 1
        ? given.reshape([...given.shape, 1])
        : given;
    if (
      t.rank !== expected.length ||
      expected.some((d, axis) => axis > 0 && d !== null && d !== t.shape[axis])
    ) {
      throw shapeError(name, shapeText(expected), shapeText(given.shape));
    }
    return { name, tensor: t };
  });
}

/** Number of rows of all; they must agree, and there must be some. */
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

/** Rows in native memory. Large ones are not left to the garbage collector: `release` gives them back. */
export class Uploaded {
  readonly handles: NativeData[];

  private constructor(handles: NativeData[]) {
    this.handles = handles;
  }

  /**
   * Copies tensors into native memory.
   * @throws {RidgelineError} `ERR_NON_FINITE` naming the first NaN or infinity, `ERR_MEMORY`.
   */
  static of(data: readonly NamedTensor[]): Uploaded {
    const copies: NativeData[] = [];
    const all = new Uploaded(copies);
    try {
      for (const { name, tensor: t } of data) {
        const rows = guard(() => new native.NativeData(t.data, [...t.shape]));
        copies.push(rows);
        const bad = rows.firstNonFinite();
        if (bad >= 0) throw nonFinite(name, t, bad);
      }
    } catch (error) {
      all.release();
      throw error;
    }
    return all;
  }

  /** A copy of some rows; `last` replaces what comes last. */
  rows(from: number, to: number, last?: Uploaded): Uploaded {
    const copied = last ? this.handles.slice(0, -1) : this.handles;
    const part = copied.map((data) => guard(() => data.rows(from, to)));
    return new Uploaded([...part, ...(last?.handles ?? [])]);
  }

  /** Gives the memory back; a run under way keeps what it reads. */
  release(): void {
    for (const data of this.handles) data.release();
  }
}

function nonFinite(name: string, { shape, data }: Tensor, bad: number): RidgelineError {
  const index: number[] = [];
  let rest = bad;
  for (const size of [...shape].reverse()) {
    index.unshift(rest % size);
    rest = Math.floor(rest / size);
  }
  return new RidgelineError('ERR_NON_FINITE', `${name} has ${data[bad]} at [${index.join(', ')}]`, {
    argument: name,
    received: data[bad],
  });
}
