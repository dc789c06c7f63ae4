/**
 * Predictions of many rows in pieces of some MB: one is copied while those before it are computed, and its memory is
 * soon used again.
 */
import { zeros } from '../core/elements.js';
import type { Shape } from '../core/symbolic.js';
import { Tensor } from '../core/tensor.js';
import { copy, inTurns, type Work } from '../core/turns.js';
import type { NamedTensor } from './input-data.js';
import { UploadedData } from './uploaded-data.js';

/** Elements of a piece, in its widest tensor. */
const PIECE = 2 ** 20;

/** Pieces that are computed or wait to be while another is copied. */
const AHEAD = 2;

/** Rows of a piece: whole batches, whose widest tensors are of these shapes. */
export function pieceRows(shapes: readonly Shape[], batchSize: number): number {
  // What has no rows cannot be joined.
  if (shapes.some((shape) => shape.length === 0)) return Number.POSITIVE_INFINITY;
  const widths = shapes.map((shape) => shape.slice(1).reduce<number>((a, d) => a * (d ?? 1), 1));
  return batchSize * Math.max(1, Math.floor(PIECE / batchSize / Math.max(...widths)));
}

/**
 * Outputs for all rows of `inputs`, joined.
 *
 * @param size - Rows of a piece.
 * @param compute - Outputs for a piece, which begins with row `from`.
 * @param most - Pieces that are computed or wait to be while another is copied.
 */
export async function piecewise(
  inputs: readonly NamedTensor[],
  size: number,
  compute: (piece: UploadedData, from: number) => Promise<Tensor[]>,
  most = AHEAD,
): Promise<Tensor[]> {
  const [{ tensor: first }] = inputs as [NamedTensor];
  const rows = first.shape[0] as number;
  const results = new Joined(rows);
  const ahead: Promise<Part>[] = [];
  const part = async (piece: UploadedData, from: number, count: number): Promise<Part> => {
    try {
      return { outputs: await compute(piece, from), count };
    } finally {
      piece.release();
    }
  };
  const next = async (): Promise<void> => inTurns(results.add((await ahead.shift()) as Part));
  try {
    for (let from = 0; from < rows; from += size) {
      const end = Math.min(from + size, rows);
      const outputs = part(await inTurns(UploadedData.of(inputs, from, end)), from, end - from);
      // What fails is told when its turn has come.
      outputs.catch(() => {});
      ahead.push(outputs);
      if (ahead.length > most) await next();
    }
    while (ahead.length > 0) await next();
  } finally {
    await Promise.allSettled(ahead);
  }
  return results.tensors;
}

/** Outputs for so many rows. */
interface Part {
  readonly outputs: Tensor[];
  readonly count: number;
}

/** Outputs for all rows, which become complete part by part. */
class Joined {
  tensors: Tensor[] = [];
  readonly #rows: number;
  #filled = 0;

  constructor(rows: number) {
    this.#rows = rows;
  }

  *add({ outputs, count }: Part): Work<void> {
    // The rows of an output are so many for each row of the input, in every part.
    const scaled = (size: number, to: number): number => (size * to) / count;
    if (this.#filled === 0 && count === this.#rows) this.tensors = outputs;
    else if (this.#filled === 0) {
      this.tensors = outputs.map(({ size, shape: [first = 0, ...sizes], dtype }) => {
        const data = zeros(dtype, scaled(size, this.#rows));
        return new Tensor(data, [scaled(first, this.#rows), ...sizes], dtype);
      });
    }
    if (count < this.#rows)
      for (const [i, { data, size }] of outputs.entries())
        yield* copy(data, (this.tensors[i] as Tensor).data, scaled(size, this.#filled));
    this.#filled += count;
  }
}
