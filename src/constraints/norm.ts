/**
 * Constraints of the norms of a weight's vectors, over one axis or several.
 */
import { axes, type Option } from '../core/options.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, RidgelineError, show } from '../errors.js';
import { Constraint } from './constraint.js';

/** What every constraint of norms can be told. */
export interface NormOptions {
  /** Axis or axes that a norm is taken over. Default 0: the inputs of each unit of a dense kernel `[in, units]`. */
  readonly axis?: number | readonly number[] | undefined;
}

/** The table of {@link NormOptions}. */
export const normed: { readonly axis: Option<number | readonly number[], false> } = { axis: axes(0) };

/** See the module documentation. */
export abstract class NormConstraint<
  C extends NormOptions,
  A extends unknown[] = [options?: C],
> extends Constraint<C, A> {
  override checkShape(path: string, shape: readonly number[]): void {
    const { axis } = this.options as NormOptions;
    if (!Array.isArray(shape)) throw argumentError('shape', 'a list of sizes', shape);
    const rank = shape.length;
    const from = [axis ?? 0].flat().map((at: number) => (at < 0 ? at + rank : at));
    if (from.every((at, i) => at >= 0 && at < rank && from.indexOf(at) === i)) return;
    const { constraintName: name } = this.constructor as typeof Constraint;
    const expected = `axes that weight '${path}' of shape ${shapeText(shape)} has, each once`;
    const message = `axis of ${name} must name ${expected}, received ${show(axis)}`;
    throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'axis', expected, received: axis });
  }
}
