/**
 * Non-negative weights: what has fallen below 0 becomes 0.
 */
import type { NoOptions } from '../core/options.js';
import { type Constraint, defineConstraint } from './constraint.js';

/** `w·(w ≥ 0)`. It has no options. */
export const nonNeg: (options?: NoOptions) => Constraint = defineConstraint('nonNeg', {});
