/**
 * Keys and values of all steps so far, for attention that goes on with a sequence: what is projected once is kept.
 */
import type { Decoding } from '../../core/decoding.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { tensor } from '../../core/tensor.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import type { Heads } from './heads.js';

/**
 * Heads whose keys and values are those of all steps, `[rows, length, heads, size]`, and which of them each query sees,
 * `[1, queries, length]`: those up to its own step.
 */
export function withCache(
  decoding: Decoding,
  { query, key, value }: Heads,
): { readonly heads: Heads; readonly mask: SymbolicTensor } {
  const { rows, length } = decoding;
  const places = tensor(Int32Array.from({ length }, (_, i) => i));
  const before = ops.cast(decoding.position, 'int32');
  const steps = Trace.running.emit('positions', [key], { axis: 1 })[0];
  // Which of the new steps each place of the cache holds from now on, if one, `[length, steps]`.
  const at = ops.sub(places, before) as SymbolicTensor;
  const isNew = ops.logicalAnd(ops.greaterEqual(at, 0), ops.lessEqual(at, ops.max(steps))) as SymbolicTensor;
  const holds = ops.cast(ops.equal(ops.expandDims(at, -1), steps), 'float32') as SymbolicTensor;
  const kept = (name: string, of: SymbolicTensor): SymbolicTensor => {
    const [heads, size] = of.shape.slice(2) as [number, number];
    const flat = ops.reshape(of, [null, null, heads * size]);
    const cache = decoding.state(name, [rows, length, heads * size]);
    const fresh = ops.einsum('ls,rsf->rlf', holds, flat) as SymbolicTensor;
    const next = ops.where(ops.expandDims(isNew, -1), fresh, Trace.running.value(cache)) as SymbolicTensor;
    decoding.keep(cache, next);
    return ops.reshape(next, [rows, length, heads, size]);
  };
  const heads = { query, key: kept('key_cache', key), value: kept('value_cache', value) };
  const queries = ops.expandDims(ops.add(steps, before), -1);
  return { heads, mask: ops.expandDims(ops.greaterEqual(queries, places), 0) as SymbolicTensor };
}
