/**
 * Weights: named native memory that belongs to a layer.
 */
import { guard, type NativeVariable } from '../native.js';
import type { Regularizer } from '../regularizers/regularizer.js';
import { type DType, Tensor, tensor, type TensorInput } from './tensor.js';

/** A weight of a layer: trained, or state such as a moving mean. */
export class Weight {
  /** Name within its layer, such as `kernel`. */
  readonly name: string;
  /** Sizes. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: DType = 'float32';
  /** False for state that no gradient changes. */
  readonly trainable: boolean;
  /** Penalty on it, if any. */
  readonly regularizer: Regularizer | undefined;
  /** @internal Its memory. */
  readonly variable: NativeVariable;
  /** Path within its model, such as `dense/kernel`. */
  path: string;

  /** @hidden Use {@link Layer.addWeight}. */
  constructor(
    name: string,
    shape: readonly number[],
    variable: NativeVariable,
    trainable: boolean,
    regularizer: Regularizer | undefined,
  ) {
    this.name = name;
    this.path = name;
    this.shape = Object.freeze([...shape]);
    this.variable = variable;
    this.trainable = trainable;
    this.regularizer = regularizer;
  }

  /** A copy of the values. */
  read(): Tensor {
    return Tensor.fromNative(guard(() => this.variable.read()));
  }

  /**
   * Replaces the values.
   * @throws {RidgelineError} `ERR_SHAPE` when the shape differs, `ERR_NON_FINITE` for NaN or infinity.
   */
  write(value: TensorInput): void {
    const values = tensor(value, { dtype: this.dtype });
    guard(() => this.variable.write(values.data as Float32Array, [...values.shape]));
  }
}
