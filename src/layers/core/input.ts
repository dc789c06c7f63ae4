/**
 * Inputs of functional models.
 */
import { options as checkOptions, integer, isName, isPlain } from '../../core/check.js';
import { checkDtype } from '../../core/elements.js';
import { MOST_AXES } from '../../core/nested.js';
import { type Shape, SymbolicTensor } from '../../core/symbolic.js';
import { type DType, shapeText } from '../../core/tensor.js';
import { argumentError, RidgelineError } from '../../errors.js';

/** Options of {@link input}. */
export interface InputOptions {
  /** Name, also in the exported file. */
  readonly name?: string | undefined;
  /** Element type. Default `float32`. */
  readonly dtype?: DType | undefined;
  /** Rows of every batch, where layers that carry states from batch to batch have to know. Default any. */
  readonly batchSize?: number | null | undefined;
}

/** An input as Keras spells it. */
export interface KerasInput extends InputOptions {
  /** Sizes without the batch. */
  readonly shape: Shape;
}

/** An input by the shape of its batches. */
export interface BatchInput extends Omit<InputOptions, 'batchSize'> {
  /** Sizes, with the rows of a batch first; `null` for any. */
  readonly batchShape: Shape;
}

/**
 * A symbolic input; `shape` is without the batch, `null` where a size is unknown. A number is
 * the size of a vector.
 *
 * @example
 * ```ts
 * const x = input([64]);
 * const model = new Model({ inputs: x, outputs: layers.dense(10, { activation: 'softmax' })(x) });
 * ```
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad sizes or names, `ERR_DTYPE`.
 */
export function input(
  shape: Shape | number | KerasInput | BatchInput,
  options: InputOptions = {},
): SymbolicTensor {
  if (typeof shape === 'number') return input([shape], options);
  if (isPlain(shape)) {
    const { shape: sizes, ...others } = shape as KerasInput;
    if (Array.isArray(sizes)) return input(sizes, others);
    const { batchShape, ...rest } = shape as BatchInput;
    if (Array.isArray(batchShape) && batchShape.length > 0) {
      const [batchSize, ...inner] = batchShape;
      return input(inner, { ...rest, batchSize });
    }
  }
  checkOptions('input', options, ['name', 'dtype', 'batchSize']);
  const { name, batchSize = null } = options;
  if (name !== undefined && !isName(name)) throw argumentError('name', 'a non-empty string', name);
  const bad = (d: number | null): boolean => d !== null && !(Number.isSafeInteger(d) && d > 0);
  if (Array.isArray(shape) && shape.length >= MOST_AXES) {
    const received = shape.length < 32 ? shapeText([null, ...shape]) : shape.length + 1;
    const message = `a tensor has at most ${MOST_AXES} axes, received ${received}`;
    throw new RidgelineError('ERR_SHAPE', message, { argument: 'shape' });
  }
  if (!Array.isArray(shape) || Array.from(shape).some(bad))
    throw argumentError('shape', 'a list of sizes ≥ 1 and null', shape);
  const dtype = checkDtype(options.dtype ?? 'float32');
  if (batchSize !== null) integer('batchSize', batchSize, 1);
  const symbol = new SymbolicTensor([batchSize, ...shape], dtype);
  symbol.name = name;
  return symbol;
}

/** {@link input} as Keras spells it. */
export const Input: typeof input = input;
