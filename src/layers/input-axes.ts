/**
 * The axes of a layer's input.
 */
import type { Shape } from '../core/symbolic.js';
import { RidgelineError } from '../errors.js';

/**
 * @param layer - Name of the layer.
 * @param names - The axes that it expects; with `'…'` as the last, one or more in its place.
 * @throws {RidgelineError} `ERR_SHAPE` for an input of another number of axes.
 */
export function checkAxes(layer: string, shape: Shape, names: readonly string[]): void {
  if (names.at(-1) === '…' ? shape.length >= names.length : shape.length === names.length) return;
  const expected = `[${names.join(', ')}]`;
  const message = `layer '${layer}' expects input ${expected}, received ${shape.length} axes`;
  throw new RidgelineError('ERR_SHAPE', message, { layer, expected, received: shape });
}
