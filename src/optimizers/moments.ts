/**
 * Moments of gradients, as updates made of ops keep them.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';

/** A moment once it has followed `x`: `m + (1 − β)·(x − m)`. */
export const follow = (moment: SymbolicTensor, x: SymbolicTensor, beta: number): SymbolicTensor =>
  ops.add(moment, ops.mul(ops.sub(x, moment), 1 - beta));

/** `1 − βᵗ`: the share of a moment, which began with 0, that is of what it followed. */
export const share = (beta: number, step: SymbolicTensor): SymbolicTensor => ops.sub(1, ops.pow(beta, step));

/** A moment without the share of its beginning. */
export const corrected = (moment: SymbolicTensor, beta: number, step: SymbolicTensor): SymbolicTensor =>
  ops.div(moment, share(beta, step));
