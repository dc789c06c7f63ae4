/**
 * What cross-entropies share: their options, and distributions over an axis.
 */
import { axis, boolean, rate } from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { shapeError } from '../errors.js';
import { float, lastAxis } from './labels.js';

/** What every cross-entropy can be told. */
export interface LogitsOptions {
  /** True when predictions are logits. Default false. */
  readonly fromLogits?: boolean | undefined;
}

/** Options of {@link categoricalCrossentropy} and {@link binaryCrossentropy}. */
export interface CrossentropyOptions extends LogitsOptions {
  /** Share of each label spread over all classes, in [0, 1). Default 0. */
  readonly labelSmoothing?: number | undefined;
  /** Axis of the classes; for {@link binaryCrossentropy} that of the mean. Default the last. */
  readonly axis?: number | undefined;
}

/** The options' table. */
export const crossentropyOptions = { fromLogits: boolean(false), labelSmoothing: rate(0), axis: axis(-1) };

/**
 * Labels and predictions `[…, classes]`, the labels smoothed.
 * @throws {RidgelineError} `ERR_SHAPE` for labels that are not of the shape of predictions.
 */
export function distributions(
  yTrue: SymbolicTensor,
  yPred: SymbolicTensor,
  axis: number,
): [labels: SymbolicTensor, predictions: SymbolicTensor] {
  if (yTrue.rank !== yPred.rank)
    throw shapeError('y', `one-hot labels ${shapeText(yPred.shape)}`, shapeText(yTrue.shape));
  const [labels, predictions] = [lastAxis(float(yTrue), axis), lastAxis(yPred, axis)];
  if (labels.shape.at(-1) !== predictions.shape.at(-1))
    throw shapeError('y', `one-hot labels ${shapeText(yPred.shape)}`, shapeText(yTrue.shape));
  return [labels, predictions];
}
