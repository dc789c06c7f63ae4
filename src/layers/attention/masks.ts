/**
 * Which keys a query sees: masks of queries, keys and values, masks that are given, and the causal one.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { both } from '../../ops/masks.js';

/** What is known of it. */
export interface Seen {
  /** Which queries count, `[batch, queries]`. */
  readonly query?: SymbolicTensor | undefined;
  /** Which values, or keys, count, `[batch, keys]`. */
  readonly value?: SymbolicTensor | undefined;
  /** As `value`. */
  readonly key?: SymbolicTensor | undefined;
  /** What is told of each pair, `[batch, queries, keys]` or `[queries, keys]`. */
  readonly attention?: SymbolicTensor | undefined;
}

/** A mask as bool; numbers count where they are not 0. */
export const counted = (of: SymbolicTensor | undefined): SymbolicTensor | undefined =>
  !of || of.dtype === 'bool' ? of : ops.notEqual(of, 0);

/** All of it as one mask `[batch, queries or 1, keys or 1]`; `undefined` where nothing is said. */
export function pairMask(seen: Seen): SymbolicTensor | undefined {
  const [query, value, key] = [seen.query, seen.value, seen.key].map(counted);
  const attention = counted(seen.attention);
  if (attention && attention.rank < 2)
    throw argumentError('attentionMask', 'a mask [batch, queries, keys]', attention);
  const masks = [
    query && ops.expandDims(query, -1),
    ...[value, key].map((of) => of && ops.expandDims(of, -2)),
    attention?.rank === 2 ? ops.expandDims(attention, 0) : attention,
  ];
  return masks.reduce(both);
}

/** `[1, queries, keys]`, true where the places of both along the axis that is looked along are less than `window` apart. */
export function nearKeys(
  { query, key }: { readonly query: SymbolicTensor; readonly key: SymbolicTensor },
  [axis]: readonly number[],
  window: number,
): SymbolicTensor {
  const [queries, keys] = [query, key].map((of) => ops.positions(of, axis as number)) as [
    SymbolicTensor,
    SymbolicTensor,
  ];
  const apart = ops.sub(ops.expandDims(queries, -1), keys);
  return ops.expandDims(ops.logicalAnd(ops.less(apart, window), ops.greater(apart, -window)), 0);
}

/** `[1, queries, keys]`, true where the key is not behind the query, for scores `[…, queries, keys]`. */
export function causalMask(scores: SymbolicTensor): SymbolicTensor {
  const [queries, keys] = [-2, -1].map((axis) => ops.positions(scores, axis)) as [
    SymbolicTensor,
    SymbolicTensor,
  ];
  return ops.expandDims(ops.greaterEqual(ops.expandDims(queries, -1), keys), 0);
}

/** A mask as numbers for the native op: 1 where a query sees a key, with an element for each key. */
export function seenKeys(mask: SymbolicTensor, keys: SymbolicTensor): SymbolicTensor {
  const numbers = ops.cast(mask, 'float32');
  if (mask.shape.at(-1) !== 1 || keys.shape[1] === 1) return numbers;
  // Of the keys their number alone is taken.
  const row = ops.onesLike(ops.max(ops.transpose(keys, [0, 2, 1]), { axis: 1, keepdims: true }));
  return ops.mul(numbers, row);
}
