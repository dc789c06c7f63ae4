/**
 * A cell of one's own, written out step by step.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError, RidgelineError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import type { Layer } from '../layer.js';

/**
 * All outputs of a cell over `x` `[batch, time, …]`, where their inputs stand, and its last states. As in Keras, a step that
 * is masked keeps the states, and gives the first of them.
 * @throws {RidgelineError} `ERR_SHAPE` where the time is not known, `ERR_ARGUMENT` for a cell that gives something else.
 */
export function unrolled(
  cell: Layer,
  sizes: readonly number[],
  x: SymbolicTensor,
  given: readonly SymbolicTensor[],
  reverse: boolean,
): SymbolicTensor[] {
  const time = x.shape[1];
  if (typeof time !== 'number' || time < 1)
    throw new RidgelineError('ERR_SHAPE', "a cell of one's own needs a known number of steps", {
      received: x.shape,
    });
  const batch = ops.max(x, { axis: x.shape.slice(1).map((_, i) => i + 1), keepdims: false });
  const zeros = (size: number): SymbolicTensor =>
    Trace.running.emit('broadcastTo', [ops.expandDims(ops.zerosLike(batch), -1)], { shape: [-2, size] })[0];
  let states = given.length > 0 ? [...given] : sizes.map(zeros);
  const outputs: SymbolicTensor[] = [];
  for (let s = 0; s < time; s++) {
    const at = reverse ? time - 1 - s : s;
    const step = ops.squeeze(ops.slice(x, at, 1, 1), 1) as SymbolicTensor;
    const [output, ...next] = [cell.invoke([step, states])].flat() as SymbolicTensor[];
    if (!output || next.length !== states.length)
      throw argumentError('what the cell gives', `its output and ${states.length} states, in a list`, [
        output,
        ...next,
      ]);
    const counts = x.mask && (ops.slice(x.mask, at, 1, 1) as SymbolicTensor);
    outputs[at] = ops.expandDims(counts ? ops.where(counts, output, states[0] as SymbolicTensor) : output, 1);
    const before = states;
    states = next.map((state, i) => (counts ? ops.where(counts, state, before[i] as SymbolicTensor) : state));
  }
  return [ops.concat(outputs, 1) as SymbolicTensor, ...states];
}
