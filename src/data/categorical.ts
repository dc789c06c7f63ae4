/**
 * One-hot labels.
 */
import { integer } from '../core/check.js';
import { zeros } from '../core/elements.js';
import { Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, isRidgelineError } from '../errors.js';

/**
 * One-hot rows for class indices: `[n]` becomes `[n, classes]`.
 *
 * @param numClasses Default: the largest index plus one.
 * @throws {RidgelineError} `ERR_ARGUMENT` for an index outside `[0, numClasses)`, `ERR_DTYPE` for one that is no
 *   integer, `ERR_MEMORY` for more classes than fit.
 */
export function toCategorical(labels: TensorInput, numClasses?: number): Tensor<'float32'> {
  const given = numClasses === undefined ? undefined : integer('numClasses', numClasses, 1);
  const expected = given === undefined ? 'integers ≥ 0' : `integers in [0, ${given})`;
  const indices = integers(labels, expected);
  const shape =
    indices.shape.length > 1 && indices.shape.at(-1) === 1 ? indices.shape.slice(0, -1) : indices.shape;
  const fits = (index: number): boolean =>
    Number.isInteger(index) && index >= 0 && index < (given ?? 2 ** 31);
  const bad = indices.data.find((index: number) => !fits(index));
  if (bad !== undefined) throw argumentError('labels', expected, bad);
  const classes = given ?? indices.data.reduce((a: number, b: number) => Math.max(a, b), -1) + 1;
  const data = zeros('float32', indices.size * classes);
  indices.data.forEach((index: number, i: number) => {
    data[i * classes + index] = 1;
  });
  return new Tensor(data, [...shape, classes], 'float32');
}

/** Labels as integers: float32 would round large ones. */
function integers(labels: TensorInput, expected: string): Tensor<'int32'> {
  try {
    return tensor(labels, { dtype: 'int32' });
  } catch (error) {
    const received = isRidgelineError(error) ? error.details.received : undefined;
    throw typeof received === 'number' ? argumentError('labels', expected, received) : error;
  }
}
