/**
 * Weights: named native memory that belongs to a layer.
 */

import { RidgelineError } from '../errors.js';
import { guard, type NativeVariable } from '../native.js';
import { noNumber } from './no-number.js';
import type { SymbolicTensor } from './symbolic.js';
import { type DType, shapeText, Tensor, type TensorInput, tensor } from './tensor.js';

/** What a weight adds to the loss. */
export interface Penalty {
  /** Factors that the optimizer's own pass applies; `undefined` for a penalty that has to be traced. */
  readonly factors: { readonly l1: number; readonly l2: number } | undefined;
  /** The penalty of `x`, a scalar. */
  call(x: SymbolicTensor | Weight): SymbolicTensor;
}

/** What a weight is projected to after each step. */
export interface Projection {
  /** Its name and parameters, by which the native core knows it; `undefined` for a function. */
  getConfig(): ({ readonly name: string } & Record<string, unknown>) | undefined;
  /** What a weight becomes, of ops, if the projection is one's own. */
  call?(weight: SymbolicTensor): SymbolicTensor;
}

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
  /** True for a state that goes from batch to batch, in evaluation and prediction too. */
  readonly isCarried: boolean;
  /** Penalty on it, if any. */
  readonly regularizer: Penalty | undefined;
  /** What it is projected to after each step, if anything. */
  readonly constraint: Projection | undefined;
  /** @internal Its memory. */
  readonly variable: NativeVariable;
  /** Path within its model, such as `dense/kernel`. */
  path: string;
  /** @internal What moves it from batch to batch right now, in words, if anything. */
  movedBy: string | undefined;

  /** @hidden Use {@link Layer.addWeight}. */
  constructor(
    name: string,
    shape: readonly number[],
    variable: NativeVariable,
    trainable: boolean,
    regularizer: Penalty | undefined,
    constraint: Projection | undefined,
    isCarried: boolean,
  ) {
    this.name = name;
    this.path = name;
    this.shape = Object.freeze([...shape]);
    this.variable = variable;
    this.trainable = trainable;
    this.regularizer = regularizer;
    this.constraint = constraint;
    this.isCarried = isCarried;
  }

  /** @internal @throws {RidgelineError} `ERR_ARGUMENT` where it stands for a number, as in `w * 2`. */
  [Symbol.toPrimitive](hint: string): string {
    return noNumber(this, hint);
  }

  /** @internal @throws {RidgelineError} `ERR_BUSY` while something moves it from batch to batch. */
  checkUnmoved(): void {
    if (this.movedBy === undefined) return;
    const message = `${this.movedBy}, and moves the state '${this.path}' from batch to batch`;
    throw new RidgelineError('ERR_BUSY', message, { argument: this.path });
  }

  /** A copy of the values. */
  read(): Tensor<'float32'> {
    return Tensor.fromNative(guard(() => this.variable.read())) as Tensor<'float32'>;
  }

  /** @internal The values as a tensor of this shape and type, all finite. */
  fit(value: TensorInput): Tensor {
    const values = tensor(value, { dtype: this.dtype });
    const [expected, received] = [shapeText(this.shape), shapeText(values.shape)];
    if (expected !== received) {
      const details = { argument: this.path, expected, received };
      throw new RidgelineError(
        'ERR_SHAPE',
        `weight '${this.path}' has shape ${expected}, received ${received}`,
        details,
      );
    }
    const bad = values.elements.findIndex((x: number) => !Number.isFinite(x));
    if (bad >= 0) {
      const details = { argument: this.path, received: values.elements[bad] };
      throw new RidgelineError(
        'ERR_NON_FINITE',
        `weight '${this.path}' has ${values.elements[bad]} at element ${bad}`,
        details,
      );
    }
    return values;
  }

  /**
   * Replaces the values.
   * @throws {RidgelineError} `ERR_SHAPE` when the shape differs, `ERR_NON_FINITE` for NaN or infinity.
   */
  write(value: TensorInput): void {
    const values = this.fit(value);
    guard(() => this.variable.write(values.elements as Float32Array, [...values.shape]));
  }
}
