/**
 * Masks on their way through a layer: which steps of its inputs count, and which of its outputs.
 */
import { loads } from '../core/custom.js';
import { SymbolicTensor } from '../core/symbolic.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import type { Outputs } from './arguments.js';

/**
 * An input with the mask that came with the call.
 * @throws {RidgelineError} `ERR_ARGUMENT`, `ERR_DTYPE` or `ERR_SHAPE` for one that does not fit.
 */
export function masked(x: SymbolicTensor, mask: unknown): SymbolicTensor {
  if (!(mask instanceof SymbolicTensor)) throw argumentError('mask', 'a tensor', mask);
  if (mask.dtype !== 'bool')
    throw new RidgelineError('ERR_DTYPE', `mask must be bool, received ${mask.dtype}`, { argument: 'mask' });
  const fits = mask.shape.every((size, i) => size === null || x.shape[i] === null || size === x.shape[i]);
  if (mask.rank > x.rank || !fits)
    throw shapeError('mask', `the first axes of ${shapeText(x.shape)}`, shapeText(mask.shape));
  return x.withMask(mask);
}

/** The mask of a layer's first output, or those of its outputs in their order. */
export type Masks = SymbolicTensor | undefined | readonly (SymbolicTensor | undefined)[];

/** Outputs with their masks. @throws {RidgelineError} `ERR_ARGUMENT` for one that is no symbolic tensor. */
export function withMasks(outputs: Outputs, given: Masks): Outputs {
  const masks: readonly unknown[] = Array.isArray(given) ? given : [given];
  const all = [outputs].flat();
  if (masks.length > all.length || !masks.every((mask) => mask == null || mask instanceof SymbolicTensor))
    throw argumentError(
      'what computeMask() gives',
      'a symbolic tensor, undefined, or one for each output',
      given,
    );
  const found = all.map((y, i) => (masks[i] ? y.withMask(masks[i] as SymbolicTensor) : y));
  return Array.isArray(outputs) ? found : (found[0] as SymbolicTensor);
}

/** Says once that what counts is forgotten in a layer, as Keras does: nobody meant it who does not say so. */
export class ForgottenMasks {
  #isTold = false;

  tell(inputs: readonly SymbolicTensor[], layer: string): void {
    // What comes from a file was told of when it was made.
    if (this.#isTold || loads() || !inputs.some((of) => of.mask)) return;
    this.#isTold = true;
    console.warn(
      `ridgeline: layer ${layer} does not hand on the mask of its input: behind it every step counts`,
    );
  }
}
