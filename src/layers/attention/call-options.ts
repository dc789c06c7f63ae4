/**
 * What a call of an attention layer takes besides its tensors.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { CallOptionKinds, CallOptions } from '../arguments.js';
import type { Calls, GivesOne } from '../gives.js';
import type { Seen } from './masks.js';

/** What a call of an attention layer takes. */
export interface AttentionCallOptions extends CallOptions {
  /** Which keys each query sees, `[batch, queries, keys]` or `[queries, keys]`; bool, or numbers. Default all. */
  readonly attentionMask?: SymbolicTensor | undefined;
  /** Which queries count. Default the query's mask. */
  readonly queryMask?: SymbolicTensor | undefined;
  /** Which values count. Default the value's mask. */
  readonly valueMask?: SymbolicTensor | undefined;
  /** Which keys count. Default the key's mask. */
  readonly keyMask?: SymbolicTensor | undefined;
  /** A query sees no later key. Default false. */
  readonly useCausalMask?: boolean | undefined;
  /** Gives the shares too, before dropout, in a list behind the output. Default false. */
  readonly returnAttentionScores?: boolean | undefined;
}

/** Options of a call that gives the output alone. */
type OutputAlone = AttentionCallOptions & { readonly returnAttentionScores?: false | undefined };

/** Arguments of a call of attention with heads that gives its output alone. */
type HeadInputs =
  | [query: SymbolicTensor, value: SymbolicTensor, options?: OutputAlone]
  | [query: SymbolicTensor, value: SymbolicTensor, key: SymbolicTensor | undefined, options?: OutputAlone];

/** Options of a call that gives the shares too. */
type WithScores = AttentionCallOptions & { readonly returnAttentionScores: true };

/** Output and shares. */
type OutputAndScores = [output: SymbolicTensor, scores: SymbolicTensor];

/** Arguments of a call of attention by scores that gives its output alone. */
type ScoreInputs = [inputs: readonly SymbolicTensor[], options?: OutputAlone];

/** A layer of class `L`, attention with heads, and what its calls give. */
export type WithHeads<L> = Calls<
  | [query: SymbolicTensor, value: SymbolicTensor, options: WithScores]
  | [query: SymbolicTensor, value: SymbolicTensor, key: SymbolicTensor | undefined, options: WithScores],
  OutputAndScores
> &
  GivesOne<L, HeadInputs> &
  ((
    query: SymbolicTensor,
    value: SymbolicTensor,
    options: AttentionCallOptions,
  ) => SymbolicTensor | SymbolicTensor[]);

/** A layer of class `L`, attention by scores, and what its calls give. */
export type ByScores<L> = Calls<[inputs: readonly SymbolicTensor[], options: WithScores], OutputAndScores> &
  GivesOne<L, ScoreInputs>;

/** Names of {@link AttentionCallOptions}, besides those of every call. */
export const ATTENTION_CALL_OPTIONS: CallOptionKinds = {
  attentionMask: 'tensors',
  queryMask: 'tensors',
  valueMask: 'tensors',
  keyMask: 'tensors',
  useCausalMask: 'flag',
  returnAttentionScores: 'flag',
};

/** What is told, or else said by the masks of the tensors. */
export function seenBy(
  [query, value, key]: readonly (SymbolicTensor | undefined)[],
  given: AttentionCallOptions,
): Seen {
  return {
    query: given.queryMask ?? query?.mask,
    value: given.valueMask ?? value?.mask,
    key: given.keyMask ?? (key === value ? undefined : key?.mask),
    attention: given.attentionMask,
  };
}
