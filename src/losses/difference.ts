/**
 * Losses of the difference of label and prediction, with Keras' formulas.
 */
import { options as checkOptions } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, float } from './labels.js';
import type { Loss } from './loss.js';

/** Mean over the last axis of `(y − ŷ)²`. It has no options. */
export const meanSquaredError = (options: Readonly<Record<string, never>> = {}): Loss =>
  difference('meanSquaredError', options, (d) => ops.square(d));
/** Mean over the last axis of `|y − ŷ|`. It has no options. */
export const meanAbsoluteError = (options: Readonly<Record<string, never>> = {}): Loss =>
  difference('meanAbsoluteError', options, (d) => ops.abs(d));

function difference(name: string, options: object, of: (d: SymbolicTensor) => SymbolicTensor): Loss {
  checkOptions(name, options, []);
  return {
    name,
    sparse: false,
    getConfig: () => ({}),
    call(yTrue, yPred) {
      const each = of(ops.sub(align(float(yTrue), yPred), yPred));
      return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
    },
  };
}
