/**
 * Max norm (Srivastava et al. 2014): vectors of weights that have grown too long are shortened.
 */
import { axes, nonNegative, positional, type Table } from '../core/options.js';
import { shapeText } from '../core/tensor.js';
import { RidgelineError, show } from '../errors.js';
import { Constraint } from './constraint.js';

/** Options of {@link maxNorm}. */
export interface MaxNormOptions {
  /** Bound of the norm. Default 2. */
  readonly maxValue?: number | undefined;
  /** Axis or axes that a norm is taken over. Default 0: the inputs of each unit of a dense kernel `[in, units]`. */
  readonly axis?: number | readonly number[] | undefined;
}

type Given = [options?: MaxNormOptions] | [maxValue: number, options?: Omit<MaxNormOptions, 'maxValue'>];

/** `w·clip(‖w‖, 0, maxValue) / (1e-7 + ‖w‖)`, with norms over `axis`. */
export class MaxNorm extends Constraint<MaxNormOptions, Given> {
  static override readonly constraintName: string = 'maxNorm';
  static override readonly options: Table<MaxNormOptions> = {
    maxValue: positional(nonNegative(2)),
    axis: axes(0),
  };

  override checkShape(path: string, shape: readonly number[]): void {
    const { axis } = this.options;
    const rank = shape.length;
    const from = [axis].flat().map((at) => (at < 0 ? at + rank : at));
    if (from.every((at, i) => at >= 0 && at < rank && from.indexOf(at) === i)) return;
    const expected = `axes that weight '${path}' of shape ${shapeText(shape)} has, each once`;
    const message = `axis of maxNorm must name ${expected}, received ${show(axis)}`;
    throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'axis', expected, received: axis });
  }
}

/**
 * Bounds the norm of a weight's vectors. Default: to 2, over axis 0.
 *
 * @example
 * ```ts
 * layers.dense(64, { kernelConstraint: constraints.maxNorm(3) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options.
 */
export function maxNorm(maxValue: number, options?: Omit<MaxNormOptions, 'maxValue'>): MaxNorm;
export function maxNorm(options?: MaxNormOptions): MaxNorm;
export function maxNorm(...given: unknown[]): MaxNorm {
  return new MaxNorm(...(given as Given));
}
