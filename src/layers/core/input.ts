/**
 * Inputs of functional models.
 */
import { options as checkOptions } from '../../core/check.js';
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import type { DType } from '../../core/tensor.js';
import { argumentError, RidgelineError, show } from '../../errors.js';

/** Options of {@link input}. */
export interface InputOptions {
  /** Name, also in the exported file. */
  readonly name?: string | undefined;
  /** Element type. Default `float32`. */
  readonly dtype?: DType | undefined;
}

/**
 * A symbolic input; `shape` is without the batch, `null` where a size is unknown.
 *
 * @example
 * ```ts
 * const x = input([64]);
 * const model = new Model({ inputs: x, outputs: layers.dense(10, { activation: 'softmax' })(x) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad sizes.
 */
export function input(shape: Shape, options: InputOptions = {}): SymbolicTensor {
  checkOptions('input', options, ['name', 'dtype']);
  const bad = (d: number | null): boolean => d !== null && !(Number.isSafeInteger(d) && d > 0);
  if (!Array.isArray(shape) || shape.some(bad))
    throw argumentError('shape', 'a list of sizes ≥ 1 and null', shape);
  const dtype = options.dtype ?? 'float32';
  if (!['float32', 'int32', 'bool'].includes(dtype)) {
    throw new RidgelineError(
      'ERR_DTYPE',
      `dtype must be 'float32', 'int32' or 'bool', received ${show(dtype)}`,
    );
  }
  const symbol = new SymbolicTensor([null, ...shape], dtype);
  symbol.name = options.name;
  return symbol;
}
