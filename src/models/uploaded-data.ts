/**
 * Rows in native memory: copies of what users passed, which JavaScript can no longer change.
 *
 * Large ones are copied in slices, between which others have their turn: until that is done the caller must leave
 * the arrays as they are. Those of a few MB are copied at once.
 */
import { nonFinite } from '../core/non-finite.js';
import type { Work } from '../core/turns.js';
import { RidgelineError } from '../errors.js';
import { guard, type NativeData, native } from '../native.js';
import type { NamedTensor } from './input-data.js';

/** Elements that are copied at once: a millisecond's work. */
const SLICE = 2 ** 19;

/** See the module documentation. Large ones are not left to the garbage collector: `release` gives them back. */
export class UploadedData {
  /** One for each tensor, in order. */
  readonly handles: NativeData[];
  /** Their rows. */
  readonly rows: number;

  private constructor(handles: NativeData[], rows: number) {
    this.handles = handles;
    this.rows = rows;
  }

  /** No data. */
  static none(): UploadedData {
    return new UploadedData([], 0);
  }

  /**
   * Copies the rows `from` to `to` of tensors into native memory.
   * @throws {RidgelineError} `ERR_NON_FINITE` naming the first NaN or infinity, what a tensor's `check` finds,
   *   `ERR_MEMORY`.
   */
  static *of(data: readonly NamedTensor[], from = 0, to = Number.POSITIVE_INFINITY): Work<UploadedData> {
    const copies: NativeData[] = [];
    const all = new UploadedData(copies, Math.min(to, data[0]?.tensor.shape[0] ?? 0) - from);
    try {
      yield* copied(data, from, to, copies);
    } catch (error) {
      all.release();
      throw error;
    }
    return all;
  }

  /** Gives the memory back; a run under way keeps what it reads. */
  release(): void {
    for (const data of this.handles) data.release();
  }
}

/** Adds a copy of the rows `from` to `to` of each tensor to `copies`. */
function* copied(data: readonly NamedTensor[], from: number, to: number, copies: NativeData[]): Work<void> {
  for (const named of data) {
    const { tensor: t } = named;
    const rows = Math.min(to, t.shape[0] ?? 1) - from;
    const width = t.shape.slice(1).reduce((a, b) => a * b, 1);
    const copy = guard(() => new native.NativeData(t.elements.subarray(0, 0), [rows, ...t.shape.slice(1)]));
    copies.push(copy);
    const end = (from + rows) * width;
    for (let at = from * width; at < end; at += SLICE) {
      append(copy, named, at, Math.min(at + SLICE, end));
      yield;
    }
  }
}

/** Copies the elements `from` to `to`, all finite and as they should be. */
function append(copy: NativeData, { name, tensor: t, check }: NamedTensor, from: number, to: number): void {
  const slice = t.elements.subarray(from, to);
  if (slice.length < to - from)
    throw new RidgelineError('ERR_ARGUMENT', `${name}: its memory was given away`, { argument: name });
  const wrong = check && slice.find((x: number) => !check.fits(x) && Number.isFinite(x));
  if (check && wrong !== undefined) throw check.fault(wrong);
  if (guard(() => copy.append(slice))) return;
  const bad = slice.findIndex((x: number) => !Number.isFinite(x));
  throw nonFinite(name, t, from + Math.max(bad, 0));
}
