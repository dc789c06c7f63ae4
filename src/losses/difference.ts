/**
 * Losses of the difference of label and prediction, with Keras' formulas: means over the last axis.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import { align, float } from './labels.js';
import { defineLoss, type LossFactory } from './loss.js';

const meanOf = (name: string, of: (difference: SymbolicTensor) => SymbolicTensor): LossFactory =>
  defineLoss({
    name,
    options: {},
    call(_, yTrue, yPred) {
      const each = of(ops.sub(align(float(yTrue), yPred), yPred));
      return each.rank > 1 ? ops.mean(each, { axis: -1 }) : each;
    },
  });

/** Mean over the last axis of `(y − ŷ)²`. It has no options. */
export const meanSquaredError: LossFactory = meanOf('meanSquaredError', (d) => ops.square(d));

/** Mean over the last axis of `|y − ŷ|`. It has no options. */
export const meanAbsoluteError: LossFactory = meanOf('meanAbsoluteError', (d) => ops.abs(d));
