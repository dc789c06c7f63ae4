/**
 * Orthogonal regularization: rows or columns of a weight that ought to have nothing in common.
 */
import {
  nonNegative,
  type OptionTable,
  oneOf,
  positional,
  save,
  settle,
  type Table,
} from '../core/options.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, Tensor } from '../core/tensor.js';
import type { Weight } from '../core/weight.js';
import { shapeError } from '../errors.js';
import * as ops from '../ops/index.js';
import type { Regularizer } from './regularizer.js';

/** Options of {@link orthogonal}. */
export interface OrthogonalOptions {
  /** Factor of the penalty. Default 0.01. */
  readonly factor?: number | undefined;
  /** What ought to be orthogonal. Default `'rows'`. */
  readonly mode?: 'rows' | 'columns' | undefined;
}

const TABLE: Table<OrthogonalOptions> & OptionTable = {
  factor: positional(nonNegative(0.01)),
  mode: oneOf(['rows', 'columns'], 'rows'),
};

/**
 * `factor` times the mean absolute cosine of all pairs of rows, or columns, of a matrix.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options; `ERR_SHAPE` where it is applied to what is no matrix of two or
 *   more of them.
 */
export function orthogonal(...given: [factor?: number] | [options: OrthogonalOptions]): Regularizer {
  const options = settle<Required<OrthogonalOptions> & { factor: number; mode: 'rows' | 'columns' }>(
    'orthogonal',
    TABLE,
    given,
  );
  return {
    factors: undefined,
    getConfig: () => ({ name: 'orthogonal', ...save(TABLE, options) }),
    call(x: SymbolicTensor | Weight) {
      const of = ops.add(x, 0) as SymbolicTensor;
      const vectors = options.mode === 'rows' ? of : ops.transpose(of);
      const size = vectors.rank === 2 ? vectors.shape[0] : null;
      if (size === null || size === undefined || size < 2)
        throw shapeError('orthogonal regularizer', 'a matrix of two vectors or more', shapeText(of.shape));
      const units = ops.normalize(vectors, { axis: 1 });
      const cosines = ops.matmul(units, units, { transposeB: true });
      const pairs = Float32Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 0 : 1));
      const others = ops.mul(ops.abs(cosines), new Tensor(pairs, [size, size], 'float32'));
      return ops.mul(ops.sum(others), options.factor / (size * (size - 1)));
    },
  };
}
