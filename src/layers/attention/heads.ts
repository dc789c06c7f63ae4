/**
 * Attention of heads: as one native op, or by products that hold all scores, where those are asked for.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { along, both } from '../../ops/masks.js';
import { equationsOf } from './equations.js';
import { causalMask, pairMask, seenKeys } from './masks.js';
import { dropped, maskedSoftmax } from './shares.js';

/** Queries, keys and values, `[batch, …, heads, size]`. */
export interface Heads {
  readonly query: SymbolicTensor;
  readonly key: SymbolicTensor;
  readonly value: SymbolicTensor;
}

/** How they meet. */
export interface Meeting {
  /** Which keys a query sees. */
  readonly mask: ReturnType<typeof pairMask>;
  /** Which queries see any, `[batch, …]`. Default all. */
  readonly queries?: SymbolicTensor | undefined;
  /** A query sees no later key. */
  readonly causal: boolean;
  readonly scale: number;
  /** Share of the shares that is dropped. */
  readonly rate: number;
  readonly seed: number | undefined;
  /** Axes that are looked along. */
  readonly axes: readonly number[];
  /** True to give the shares too. */
  readonly shares: boolean;
}

/** What queries take, `[batch, …, heads, size]`, and the shares before dropout, if they are asked for. */
export function attend(
  heads: Heads,
  how: Meeting,
): { readonly taken: SymbolicTensor; readonly shares?: SymbolicTensor } {
  const isUsual =
    heads.query.rank === 4 && (how.mask?.rank ?? 3) === 3 && (how.queries?.rank ?? 2) === 2 && !how.shares;
  return isUsual ? { taken: fused(heads, how) } : apart(heads, how);
}

function fused(
  { query, key, value }: Heads,
  { mask, queries, causal, scale, rate, seed }: Meeting,
): SymbolicTensor {
  const trace = Trace.running;
  const heads = query.shape[2] as number;
  const flat = (x: SymbolicTensor): SymbolicTensor =>
    ops.reshape(x, [null, null, heads * (x.shape[3] as number)]);
  const [q, k, v] = [flat(query), flat(key), flat(value)];
  const inputs = mask ? [q, k, v, seenKeys(mask, k)] : [q, k, v];
  const stream = rate > 0 ? trace.stream(seed) : 0;
  const masked = mask !== undefined;
  const [y] = trace.emit('attention', inputs, { heads, scale, causal, masked, rate, stream });
  const taken = ops.reshape(y, [null, null, heads, value.shape[3] as number]);
  // Not as part of the mask: of all pairs that would be as large as the scores.
  return queries ? ops.where(along(queries, taken), taken, 0) : taken;
}

function apart(
  { query, key, value }: Heads,
  { mask, queries, causal, scale, rate, seed, axes, shares: isAsked }: Meeting,
): { readonly taken: SymbolicTensor; readonly shares?: SymbolicTensor } {
  const { length } = axes;
  if (length > 1 && causal)
    throw argumentError('useCausalMask', 'false where several axes are looked along', true);
  const pairs = both(mask, pairMask({ query: queries }));
  if (length > 1 && pairs && pairs.rank < 1 + 2 * length)
    throw argumentError('attentionMask', `one with ${length} axes of queries and as many of keys`, pairs);
  const equations = equationsOf(query.rank, axes);
  const scores = ops.einsum(equations.scores, key, ops.mul(query, scale)) as SymbolicTensor;
  let seen = both(pairs, causal ? causalMask(scores) : undefined);
  while (seen && seen.rank < scores.rank) seen = ops.expandDims(seen, -2 * length - 1);
  const shares = maskedSoftmax(scores, seen, length);
  const taken = ops.einsum(equations.combine, dropped(shares, rate, seed), value) as SymbolicTensor;
  return isAsked ? { taken, shares } : { taken };
}
