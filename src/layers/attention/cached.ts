/**
 * Keys and values of all steps so far, for attention that goes on with a sequence: what is projected once is kept.
 */
import type { Decoding } from '../../core/decoding.js';
import { numbersOf } from '../../core/elements.js';
import type { SymbolicTensor } from '../../core/symbolic.js';
import { tensor } from '../../core/tensor.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';
import type { Heads } from './heads.js';
import { pairMask, type Seen } from './masks.js';

/**
 * Heads whose keys and values are those of all steps, `[rows, length, heads, size]`, and which of them each query sees,
 * `[rows or 1, queries, length]`: those up to its own step, and within the `window` behind it, that count, as `seen` says
 * of the new ones.
 */
export function withCache(
  decoding: Decoding,
  { query, key, value }: Heads,
  seen: Seen,
  window: number | undefined,
): { readonly heads: Heads; readonly mask: SymbolicTensor } {
  const { rows, length } = decoding;
  const places = tensor(numbersOf('int32', length, (i) => i));
  const before = ops.cast(decoding.position, 'int32');
  const steps = Trace.running.emit('positions', [key], { axis: 1 })[0];
  // Which of the new steps each place of the cache holds from now on, if one, `[length, steps]`.
  const at = ops.sub(places, before) as SymbolicTensor;
  const isNew = ops.logicalAnd(ops.greaterEqual(at, 0), ops.lessEqual(at, ops.max(steps))) as SymbolicTensor;
  const holds = ops.cast(ops.equal(ops.expandDims(at, -1), steps), 'float32') as SymbolicTensor;
  const carried = (name: string, flat: SymbolicTensor): SymbolicTensor => {
    const size = flat.shape[2] as number;
    const cache = decoding.state(name, [rows, length, size]);
    const fresh = ops.einsum('ls,rsf->rlf', holds, flat) as SymbolicTensor;
    const next = ops.where(ops.expandDims(isNew, -1), fresh, Trace.running.value(cache)) as SymbolicTensor;
    decoding.keep(cache, next);
    return next;
  };
  const kept = (name: string, of: SymbolicTensor): SymbolicTensor => {
    const [heads, size] = of.shape.slice(2) as [number, number];
    const all = carried(name, ops.reshape(of, [null, null, heads * size]));
    return ops.reshape(all, [rows, length, heads, size]);
  };
  const heads = { query, key: kept('key_cache', key), value: kept('value_cache', value) };
  const queries = ops.expandDims(ops.add(steps, before), -1);
  let mask = ops.expandDims(ops.greaterEqual(queries, places), 0) as SymbolicTensor;
  if (window !== undefined)
    mask = ops.logicalAnd(mask, ops.expandDims(ops.less(ops.sub(queries, places), window), 0));
  // `[rows, 1, steps]`, then of all steps.
  const own = pairMask({ value: seen.value, key: seen.key });
  if (own) {
    const flat = ops.transpose(ops.cast(own, 'float32'), [0, 2, 1]);
    mask = ops.logicalAnd(mask, ops.transpose(ops.notEqual(carried('mask_cache', flat), 0), [0, 2, 1]));
  }
  return { heads, mask };
}
