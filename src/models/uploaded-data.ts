/**
 * Rows in native memory: copies of what users passed, which JavaScript can no longer change.
 */
import { guard, type NativeData, native } from '../native.js';
import { nonFinite } from './finite.js';
import type { NamedTensor } from './input-data.js';

/** See the module documentation. Large ones are not left to the garbage collector: `release` gives them back. */
export class UploadedData {
  /** One for each tensor, in order. */
  readonly handles: NativeData[];

  private constructor(handles: NativeData[]) {
    this.handles = handles;
  }

  /**
   * Copies tensors into native memory.
   * @throws {RidgelineError} `ERR_NON_FINITE` naming the first NaN or infinity, `ERR_MEMORY`.
   */
  static of(data: readonly NamedTensor[]): UploadedData {
    const copies: NativeData[] = [];
    const all = new UploadedData(copies);
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
  rows(from: number, to: number, last?: UploadedData): UploadedData {
    const copied = last ? this.handles.slice(0, -1) : this.handles;
    const part = copied.map((data) => guard(() => data.rows(from, to)));
    return new UploadedData([...part, ...(last?.handles ?? [])]);
  }

  /** Gives the memory back; a run under way keeps what it reads. */
  release(): void {
    for (const data of this.handles) data.release();
  }
}
