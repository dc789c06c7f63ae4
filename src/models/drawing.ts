/**
 * A token drawn by what a model gives for each: of all of them, or of the likeliest (top-k, Fan et al. 2018; top-p, Holtzman
 * et al. 2020).
 */
import { RidgelineError } from '../errors.js';

/** How tokens are drawn. */
export interface Drawing {
  /** Logits are divided by it; at 0 the likeliest is taken. */
  readonly temperature: number;
  /** Only so many of the likeliest tokens are drawn from. */
  readonly topK: number;
  /** Only the likeliest tokens whose probabilities add up to this are drawn from. */
  readonly topP: number;
  /** Numbers in [0, 1). */
  readonly random: () => number;
}

/** The likeliest tokens: all whose logits are above `least`, and so many that are it. */
interface Bound {
  readonly least: number;
  readonly equal: number;
}

/** The place of the largest. @throws {RidgelineError} `ERR_NON_FINITE` where none is, or one is NaN or infinity. */
function largest(logits: Float32Array): number {
  let at = 0;
  let sum = 0;
  for (let i = 0; i < logits.length; i++) {
    const x = logits[i] as number;
    if (x > (logits[at] as number)) at = i;
    // Tokens may be ruled out by −∞; NaN and +∞ stay in a sum of what is at least 0.
    sum += x === Number.NEGATIVE_INFINITY ? 0 : Math.abs(x);
  }
  if (Number.isFinite(logits[at]) && Number.isFinite(sum)) return at;
  throw new RidgelineError(
    'ERR_NON_FINITE',
    `cannot draw a token: what the model gives for the next one has ${Number.isNaN(sum) ? 'NaN' : 'no finite largest number'}`,
  );
}

/** The likeliest tokens, by what share of all is theirs. */
function likeliest(logits: Float32Array, shareOf: (logit: number) => number, { topK, topP }: Drawing): Bound {
  const sorted = logits.slice().sort().reverse().subarray(0, topK);
  const total = sorted.reduce((sum, logit) => sum + shareOf(logit), 0);
  let kept = 0;
  for (let sum = 0; kept < sorted.length && sum < topP * total; kept++)
    sum += shareOf(sorted[kept] as number);
  const least = sorted[kept - 1] as number;
  return { least, equal: kept - sorted.indexOf(least) };
}

/**
 * A token.
 * @param output - Logits, or probabilities, for each.
 * @throws {RidgelineError} `ERR_NON_FINITE` for NaN and infinity, but for tokens that are ruled out.
 */
export function draw(output: Float32Array, isLogits: boolean, how: Drawing): number {
  const logits = isLogits ? output : output.map(Math.log);
  const best = largest(logits);
  if (how.temperature === 0) return best;
  const shareOf = (logit: number): number => Math.exp((logit - (logits[best] as number)) / how.temperature);
  const isAll = how.topK >= logits.length && how.topP === 1;
  let { least, equal } = isAll
    ? { least: Number.NEGATIVE_INFINITY, equal: logits.length }
    : likeliest(logits, shareOf, how);
  const isIn = (logit: number): boolean => logit > least || (logit === least && equal-- > 0);
  const shares = Float64Array.from(logits, (logit) => (isIn(logit) ? shareOf(logit) : 0));
  let left = how.random() * shares.reduce((sum, share) => sum + share, 0);
  let last = best;
  for (let i = 0; i < shares.length && left >= 0; i++) {
    const share = shares[i] as number;
    left -= share;
    if (share > 0) last = i;
  }
  return last;
}
