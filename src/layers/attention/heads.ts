/**
 * Attention of heads: as one native op, or by products that hold all scores, where those are asked for.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import { argumentError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { both } from '../../ops/masks.js';
import { equationsOf } from './equations.js';
import { causalMask, type pairMask, seenKeys } from './masks.js';
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
  const isUsual = heads.query.rank === 4 && (how.mask?.rank ?? 3) === 3 && !how.shares;
  return isUsual ? { taken: fused(heads, how) } : apart(heads, how);
}

function fused({ query, key, value }: Heads, { mask, causal, scale, rate, seed }: Meeting): SymbolicTensor {
  const trace = Trace.running;
  const heads = query.shape[2] as number;
  const flat = (x: SymbolicTensor): SymbolicTensor =>
    ops.reshape(x, [null, null, heads * (x.shape[3] as number)]);
  const [q, k, v] = [flat(query), flat(key), flat(value)];
  const inputs = mask ? [q, k, v, seenKeys(mask, k)] : [q, k, v];
  const stream = rate > 0 ? trace.stream(seed) : 0;
  const masked = mask !== undefined;
  const [y] = trace.emit('attention', inputs, { heads, scale, causal, masked, rate, stream });
  return ops.reshape(y, [null, null, heads, value.shape[3] as number]);
}

function apart(
  { query, key, value }: Heads,
  { mask, causal, scale, rate, seed, axes, shares: isAsked }: Meeting,
): { readonly taken: SymbolicTensor; readonly shares?: SymbolicTensor } {
  const along = axes.length;
  if (along > 1 && causal)
    throw argumentError('useCausalMask', 'false where several axes are looked along', true);
  if (along > 1 && mask && mask.rank < 1 + 2 * along)
    throw argumentError('attentionMask', `one with ${along} axes of queries and as many of keys`, mask);
  const equations = equationsOf(query.rank, axes);
  const scores = ops.einsum(equations.scores, key, ops.mul(query, scale)) as SymbolicTensor;
  let seen = both(mask, causal ? causalMask(scores) : undefined);
  while (seen && seen.rank < scores.rank) seen = ops.expandDims(seen, -2 * along - 1);
  const shares = maskedSoftmax(scores, seen, along);
  const taken = ops.einsum(equations.combine, dropped(shares, rate, seed), value) as SymbolicTensor;
  return isAsked ? { taken, shares } : { taken };
}
