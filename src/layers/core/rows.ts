/**
 * Rows of a table of vectors, read by whole numbers.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import type { Weight } from '../../core/weight.js';
import * as ops from '../../ops/index.js';

/** The rows of `table` `[rows, size]` that `indices` `[…]` say: `[…, size]`. One that is not there is an error. */
export function rowsOf(table: Weight, indices: SymbolicTensor): SymbolicTensor {
  const whole = indices.dtype === 'int32' ? indices : ops.cast(indices, 'int32');
  const inputs = [Trace.running.value(table), whole] as const;
  return Trace.running.emit('gather', [...inputs], { axis: 0, strict: true })[0];
}
