/**
 * Non-negative weights: what has fallen below 0 becomes 0.
 */
import type { NoOptions } from '../core/options.js';
import { Constraint } from './constraint.js';

/** `w·(w ≥ 0)`. */
export class NonNeg extends Constraint<NoOptions> {
  static override readonly constraintName: string = 'nonNeg';
}

/** Keeps a weight's elements at 0 or above. It has no options. */
export const nonNeg = (options?: NoOptions): NonNeg => new NonNeg(options);
