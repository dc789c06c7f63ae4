/**
 * Layers that merge tensors element by element.
 */
import type { SymbolicTensor } from '../../core/symbolic.js';
import type { Tensor } from '../../core/tensor.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { several } from './several.js';

/** One of a list of tensors, with broadcasting; axes that one lacks are added behind its batch, as in Keras. */
export abstract class Merge extends Layer {
  static override readonly options: Table<LayerOptions> = {};

  /** What becomes of tensors of one rank; of each there may be a mask of that rank, which says which elements count. */
  protected abstract merge(
    tensors: readonly SymbolicTensor[],
    masks: readonly (SymbolicTensor | undefined)[],
  ): SymbolicTensor;

  /** What counts in any of the inputs; all where one of them has no mask. */
  override computeMask(inputs: readonly SymbolicTensor[]): SymbolicTensor | undefined {
    const masks = inputs.flatMap(({ mask }) => mask ?? []);
    if (masks.length < inputs.length) return undefined;
    return masks.reduce((a, b) => ops.logicalOr(a, b));
  }

  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const tensors = several(this.name, inputs);
    const rank = Math.max(...tensors.map((t) => t.rank));
    const wide = (t: SymbolicTensor): SymbolicTensor => {
      if (t.rank === rank) return t;
      const units = Array.from({ length: rank - t.rank }, () => 1);
      return ops.reshape(t, [null, ...units, ...t.shape.slice(1).map((size) => size ?? -1)]);
    };
    const maskOf = ({ mask, rank }: SymbolicTensor): SymbolicTensor | undefined => {
      let counts = mask;
      while (counts && counts.rank < rank) counts = ops.expandDims(counts, -1);
      return counts && wide(counts);
    };
    return this.merge(tensors.map(wide), tensors.map(maskOf));
  }
}

/** The larger or the smaller of tensors, where what does not count gives way to the others. */
export function selected(
  of: (a: SymbolicTensor, b: SymbolicTensor) => SymbolicTensor,
  [first, ...rest]: readonly SymbolicTensor[],
  [mask, ...masks]: readonly (SymbolicTensor | undefined)[],
): SymbolicTensor {
  let [best, counts] = [first as SymbolicTensor, mask];
  for (const [i, tensor] of rest.entries()) {
    const own = masks[i];
    const next = own ? ops.where(own, tensor, best) : tensor;
    best = of(counts ? ops.where(counts, best, next) : best, next);
    counts = own && counts && ops.logicalOr(counts, own);
  }
  return best;
}

/** A layer of a class, or what it makes of tensors. */
export const merged = <M extends Merge>(
  of: new (options?: LayerOptions) => M,
  given: LayerOptions | readonly SymbolicTensor[] | readonly Tensor[] | undefined,
): M | SymbolicTensor =>
  Array.isArray(given) ? (new of().invoke([given]) as SymbolicTensor) : new of(given as LayerOptions);
