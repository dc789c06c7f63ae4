/**
 * Dot: products of two tensors, sample by sample, summed along an axis of each.
 */
import { boolean, option } from '../../core/options.js';
import { isTensorLike, type SymbolicTensor } from '../../core/symbolic.js';
import { shapeText } from '../../core/tensor.js';
import { argumentError, shapeError } from '../../errors.js';
import * as ops from '../../ops/index.js';
import { Layer } from '../layer.js';
import type { LayerOptions, Table } from '../options.js';
import { several } from './several.js';

/** Options of {@link Dot}. */
export interface DotOptions extends LayerOptions {
  /** Scales the vectors along the axes to length one first. Default false. */
  readonly normalize?: boolean | undefined;
}

/** Config of {@link Dot}. */
export interface DotConfig extends DotOptions {
  /** Axis to sum along, of both or one of each; not the batch. */
  readonly axes: number | readonly [number, number];
}

type Given = [axes: DotConfig['axes'], options?: DotOptions] | [config: DotConfig];

/**
 * `Σₖ a[…, k, …]·b[…, k, …]` for each sample: a result with the other axes of the first tensor, then those of the second.
 * Of vectors it is `[batch, 1]`.
 */
export class Dot extends Layer<DotConfig, Given> {
  static override readonly className: string = 'Dot';
  static override readonly options: Table<DotConfig> = {
    axes: option((argument, given): number | readonly [number, number] => {
      if (Number.isInteger(given)) return given as number;
      if (Array.isArray(given) && given.length === 2 && Array.from(given).every(Number.isInteger))
        return [given[0], given[1]];
      throw argumentError(argument, 'an axis, or one for each of two tensors', given);
    }),
    normalize: boolean(false),
  };

  override call(inputs: readonly SymbolicTensor[]): SymbolicTensor {
    const [a, b] = several(this.name, inputs) as [SymbolicTensor, SymbolicTensor];
    if (inputs.length !== 2) throw argumentError('inputs', `two tensors for layer '${this.name}'`, inputs);
    const { axes, normalize } = this.options;
    const given = typeof axes === 'number' ? [axes, axes] : axes;
    const [i, j] = [a, b].map((t, k) => axisOf(t, given[k] as number)) as [number, number];
    if (a.shape[i] !== b.shape[j])
      throw shapeError(
        'inputs',
        `one size along axes ${i} and ${j}`,
        `${shapeText(a.shape)} and ${shapeText(b.shape)}`,
      );
    const [x, y] = normalize ? [ops.normalize(a, { axis: i }), ops.normalize(b, { axis: j })] : [a, b];
    // [batch, …, k] and [batch, k, …], whose other axes are one.
    const [left, right] = [
      ops.transpose(x, moved(x.rank, i, x.rank - 1)),
      ops.transpose(y, moved(y.rank, j, 1)),
    ];
    const product = ops.matmul(matrices(left, 1), matrices(right, 2));
    // Of matrices the product has its shape already; of a vector it has an axis that the vector lacks.
    if (left.rank === 3 && right.rank === 3) return product;
    if (left.rank === 2 && right.rank <= 3) return ops.squeeze(product, right.rank === 2 ? 2 : 1);
    if (right.rank === 2 && left.rank === 3) return ops.squeeze(product, 2);
    const rest = [...left.shape.slice(1, -1), ...right.shape.slice(2)];
    if (rest.filter((d) => d === null).length > 1) {
      const received = `${shapeText(a.shape)} and ${shapeText(b.shape)}`;
      throw shapeError('inputs', 'at most one unknown size besides', received);
    }
    return ops.reshape(product, [null, ...rest.map((d) => d ?? -1)]);
  }
}

/** As matrices `[batch, …, k]` or `[batch, k, …]`, whose other axes, at `axis`, are one. */
function matrices(t: SymbolicTensor, axis: 1 | 2): SymbolicTensor {
  if (t.rank === 2) return ops.expandDims(t, axis);
  if (t.rank === 3) return t;
  const size = t.shape[axis === 1 ? t.rank - 1 : 1] ?? -1;
  return ops.reshape(t, axis === 1 ? [null, -1, size] : [null, size, -1]);
}

function axisOf(t: SymbolicTensor, axis: number): number {
  const at = axis < 0 ? axis + t.rank : axis;
  if (at >= 1 && at < t.rank) return at;
  throw argumentError('axes', `axes of ${shapeText(t.shape)} behind the batch`, axis);
}

/** The axes of a tensor with one of them in another place. */
function moved(rank: number, from: number, to: number): number[] {
  const order = Array.from({ length: rank }, (_, i) => i).filter((i) => i !== from);
  order.splice(to, 0, from);
  return order;
}

/**
 * A dot layer, or the products of two tensors.
 * @param axes - Axis to sum along, of both or one of each; not the batch.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or tensors, `ERR_SHAPE` when sizes differ along the axes.
 */
export function dot(axes: DotConfig['axes'], options?: DotOptions): Dot;
export function dot(config: DotConfig): Dot;
export function dot(inputs: readonly SymbolicTensor[], config: DotConfig): SymbolicTensor;
export function dot(...given: unknown[]): Dot | SymbolicTensor {
  const [first, ...others] = given;
  const isInputs = Array.isArray(first) && first.some(isTensorLike);
  return isInputs
    ? (new Dot(...(others as Given)).invoke([first]) as SymbolicTensor)
    : new Dot(...(given as Given));
}
