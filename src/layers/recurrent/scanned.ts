/**
 * Cells made of ops, step by step.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';

/** The axes of `x` with the first two swapped: time before the batch, or back. */
const swapped = (x: SymbolicTensor): SymbolicTensor =>
  ops.transpose(x, [1, 0, ...x.shape.slice(2).map((_, i) => i + 2)]);

/**
 * All outputs of a cell over `x` `[batch, time, …]`, where their inputs stand, and its last states. As in Keras, a step that
 * is masked keeps the states, and gives the first of them.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a cell that gives something else.
 */
export function scanned(
  cell: (x: SymbolicTensor, states: SymbolicTensor[]) => SymbolicTensor[],
  sizes: readonly number[],
  x: SymbolicTensor,
  given: readonly SymbolicTensor[],
  reverse: boolean,
): SymbolicTensor[] {
  const batch = ops.positions(x, 0);
  const zeros = (size: number): SymbolicTensor => {
    const column = ops.expandDims(ops.mul(ops.cast(batch, 'float32'), 0), -1);
    return Trace.running.emit('broadcastTo', [column], { shape: [-2, size] })[0];
  };
  const first = given.length > 0 ? [...given] : sizes.map(zeros);
  const mask = x.mask && ops.expandDims(swapped(x.mask), -1);
  const [last, outputs] = ops.scan(
    (states, [now, counts]) => {
      const [output, ...next] = cell(now as SymbolicTensor, states);
      if (!output || next.length !== states.length) {
        const expected = `its output and ${states.length} states, in a list`;
        throw argumentError('what the cell gives', expected, [output, ...next]);
      }
      if (!counts) return [next, output];
      const [shown, ...kept] = [output, ...next].map((value, i) =>
        ops.where(counts, value, states[Math.max(0, i - 1)] as SymbolicTensor),
      );
      return [kept, shown as SymbolicTensor];
    },
    first,
    mask ? [swapped(x), mask] : [swapped(x)],
    { reverse },
  );
  return [swapped(outputs), ...last];
}
