/**
 * Shares of scores: softmax over what is seen, where what is not has no share, even where nothing is; and their dropout.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import { Trace } from '../../core/trace.js';
import * as ops from '../../ops/index.js';

/** What scores become that are not seen, as in Keras. */
const UNSEEN = -1e9;

/** Shares over the last `axes` axes of scores; `seen` broadcasts against them. */
export function maskedSoftmax(
  scores: SymbolicTensor,
  seen: SymbolicTensor | undefined,
  axes = 1,
): SymbolicTensor {
  const masked = seen ? ops.where(seen, scores, UNSEEN) : scores;
  const shares = axes === 1 ? ops.softmax(masked) : softmaxOver(masked, axes);
  return seen ? ops.where(seen, shares, 0) : shares;
}

function softmaxOver(scores: SymbolicTensor, axes: number): SymbolicTensor {
  const axis = Array.from({ length: axes }, (_, i) => i - axes);
  return ops.exp(ops.sub(scores, ops.logSumExp(scores, { axis, keepdims: true })));
}

/** Shares of which some are zeroed, and the others grow for them. */
export function dropped(shares: SymbolicTensor, rate: number, seed: number | undefined): SymbolicTensor {
  const trace = Trace.running;
  return rate > 0 ? trace.emit('dropout', [shares], { rate, stream: trace.stream(seed) })[0] : shares;
}
