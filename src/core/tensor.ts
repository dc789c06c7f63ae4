/**
 * Concrete tensors: plain JavaScript values with a shape, nothing to dispose.
 */
import { argumentError, RidgelineError, show } from '../errors.js';
import type { NativeTensor } from '../native.js';
import { options as checkOptions } from './check.js';
import {
  type BigArray,
  checkDtype,
  copied,
  type DataOf,
  type DType,
  dtypeOf,
  isBigArray,
  isNumberArray,
  type NumberArray,
} from './elements.js';
import { flatten, MOST_AXES } from './nested.js';
import { noNumber } from './no-number.js';
import { atOnce, type Work } from './turns.js';

export type { BigArray, DataOf, DType, NumberArray };

/** A nested array of numbers or booleans. */
export type NestedArray = number | boolean | readonly NestedArray[];

/** What makes a tensor of float32 by itself: numbers, and typed arrays of other kinds than Int32Array. */
type Numbers = number | Exclude<NumberArray, Int32Array> | BigArray | readonly Numbers[];

/** Something a tensor can be made of. */
export type TensorInput = Tensor | NestedArray | NumberArray | BigArray | readonly NumberArray[];

/** Lists that are looked through as shapes. */
const LONGEST_LIST = 64;

/** Lists that a tensor may become: each takes some 40 bytes of a heap of a few GB. */
const MOST_LISTS = 2 ** 25;

/**
 * A value with a shape. Elements stand in `data`, last axis fastest.
 *
 * @example
 * ```ts
 * const t = tensor([[1, 2, 3], [4, 5, 6]]);
 * t.shape;     // [2, 3]
 * t.argMax();  // tensor of [2, 2], dtype int32
 * t.toArray(); // [[1, 2, 3], [4, 5, 6]]
 * ```
 */
export class Tensor<D extends DType = DType> {
  /** Sizes, outermost first. */
  readonly shape: readonly number[];
  /** Element type. */
  readonly dtype: D;
  /** Elements in row-major order. */
  readonly data: DataOf[D];

  /** @hidden Use {@link tensor}. */
  constructor(data: DataOf[D], shape: readonly number[], dtype: D) {
    this.shape = Object.freeze([...shape]);
    this.dtype = dtype;
    this.data = data;
  }

  /** @internal A tensor that came out of the native core. */
  static fromNative(of: NativeTensor): Tensor {
    if (of.dtype === 'float32') return new Tensor(of.data as Float32Array, of.shape, 'float32');
    if (of.dtype === 'int32') return new Tensor(of.data as Int32Array, of.shape, 'int32');
    return new Tensor(Uint8Array.from(of.data as Int32Array), of.shape, 'bool');
  }

  /** @internal @throws {RidgelineError} `ERR_ARGUMENT` where it stands for a number, as in `x * 2`; one element does. */
  [Symbol.toPrimitive](hint: string): string | number {
    return hint !== 'string' && this.data.length === 1 ? (this.data[0] as number) : noNumber(this, hint);
  }

  /**
   * @internal `data`, which users may have given away with its buffer.
   * @throws {RidgelineError} `ERR_ARGUMENT` if they have.
   */
  get elements(): DataOf[D] {
    const { data, shape } = this;
    if (data.length === shape.reduce((a, b) => a * b, 1)) return data;
    throw argumentError('tensor', 'one whose buffer is not detached', this);
  }

  /** Number of elements. */
  get size(): number {
    return this.data.length;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** What {@link Tensor.toArray} gives, for `JSON.stringify`; there NaN and infinities become `null`. */
  toJSON(): NestedArray {
    return this.toArray();
  }

  /**
   * The elements as nested arrays, such as `toArray<number[][]>()` of a matrix; the number itself for a scalar.
   * @throws {RidgelineError} `ERR_MEMORY` for more lists than JavaScript's memory can hold.
   */
  toArray<A extends NestedArray = NestedArray>(): A {
    // Those of every depth: of none inside many there are many.
    let [lists, deepest] = [1, 1];
    for (const size of this.shape.slice(0, -1)) {
      deepest *= size;
      lists += deepest;
    }
    if (lists > MOST_LISTS) {
      throw new RidgelineError(
        'ERR_MEMORY',
        `nested arrays of ${shapeText(this.shape)} are ${lists} lists, ${MOST_LISTS} at most are made`,
      );
    }
    const { dtype, elements: data } = this;
    const bool = dtype === 'bool';
    const build = (axis: number, offset: number): NestedArray => {
      if (axis === this.shape.length) {
        const value = data[offset] as number;
        return bool ? value !== 0 : value;
      }
      const size = this.shape[axis] as number;
      const stride = this.shape.slice(axis + 1).reduce((a, b) => a * b, 1);
      return Array.from({ length: size }, (_, i) => build(axis + 1, offset + i * stride));
    };
    return build(0, 0) as A;
  }

  /**
   * The only element of a tensor of one.
   * @throws {RidgelineError} `ERR_SHAPE` when there are more.
   */
  item(): number {
    if (this.data.length !== 1) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `item() expects one element, the tensor has shape ${shapeText(this.shape)}`,
      );
    }
    return this.data[0] as number;
  }

  /**
   * The index of the largest element along `axis` (default: the last), the first of equals.
   * @throws {RidgelineError} `ERR_ARGUMENT` when the axis is outside the rank.
   */
  argMax(axis = -1): Tensor<'int32'> {
    const fits = Number.isInteger(axis) && axis >= -this.rank && axis < this.rank;
    if (!fits) throw argumentError('axis', `an integer between ${-this.rank} and ${this.rank - 1}`, axis);
    const at = axis < 0 ? axis + this.rank : axis;
    const outer = this.shape.slice(0, at).reduce((a, b) => a * b, 1);
    const size = this.shape[at] as number;
    const inner = this.shape.slice(at + 1).reduce((a, b) => a * b, 1);
    const { elements } = this;
    const result = new Int32Array(outer * inner);
    for (let o = 0; o < outer; o++) {
      for (let i = 0; i < inner; i++) {
        let best = 0;
        for (let k = 1; k < size; k++) {
          const value = elements[(o * size + k) * inner + i] as number;
          if (value > (elements[(o * size + best) * inner + i] as number)) best = k;
        }
        result[o * inner + i] = best;
      }
    }
    return new Tensor(result, [...this.shape.slice(0, at), ...this.shape.slice(at + 1)], 'int32');
  }

  /**
   * The same elements in another shape; one size may be -1.
   * @throws {RidgelineError} `ERR_SHAPE` when the number of elements differs, `ERR_ARGUMENT` for what is no shape.
   */
  reshape(shape: readonly number[]): Tensor<D> {
    const fits = (d: unknown): boolean => Number.isSafeInteger(d) && (d as number) >= -1;
    const isShort = Array.isArray(shape) && shape.length <= LONGEST_LIST;
    if (!isShort || !Array.from(shape).every(fits) || shape.indexOf(-1) !== shape.lastIndexOf(-1))
      throw argumentError('shape', 'a list of sizes, one of which may be -1', shape);
    if (shape.length > MOST_AXES) {
      const text = `a tensor has at most ${MOST_AXES} axes, received ${shapeText(shape)}`;
      throw new RidgelineError('ERR_SHAPE', text, { argument: 'shape' });
    }
    const known = shape.filter((d) => d !== -1).reduce((a, b) => a * b, 1);
    const sizes = shape.map((d) => (d === -1 ? this.size / known : d));
    if (sizes.reduce((a, b) => a * b, 1) !== this.size || sizes.some((d) => !Number.isInteger(d) || d < 0)) {
      throw new RidgelineError('ERR_SHAPE', `cannot reshape ${shapeText(this.shape)} to ${shapeText(shape)}`);
    }
    return new Tensor(this.data, sizes, this.dtype);
  }

  /**
   * The rows `start..end` along the first axis.
   * @throws {RidgelineError} `ERR_ARGUMENT` when they reach outside.
   */
  rows(start: number, end: number): Tensor<D> {
    const count = this.shape[0] ?? 0;
    if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= count)) {
      throw argumentError('rows', `0 ≤ start ≤ end ≤ ${count}`, [start, end]);
    }
    const width = this.shape.slice(1).reduce((a, b) => a * b, 1);
    const data = this.elements.slice(start * width, end * width) as DataOf[D];
    return new Tensor(data, [end - start, ...this.shape.slice(1)], this.dtype);
  }

  /** Class, shape and type, for consoles. */
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    // Of memory that was given away there are none.
    const first: number[] = Array.prototype.slice.call(this.data, 0, 8);
    const head = first.map((x) => Number(x.toPrecision(6)));
    return `Tensor ${this.dtype} ${shapeText(this.shape)} [${head.join(', ')}${this.size > 8 ? ', …' : ''}]`;
  }
}

/** A shape as text: unknown sizes are `?`. */
export function shapeText(shape: readonly (number | null)[]): string {
  if (!Array.isArray(shape)) return show(shape);
  return `[${shape.map((d) => (d === null || d === undefined ? '?' : show(d))).join(', ')}]`;
}

/** True for anything that is a tensor of this package, also of another copy of it. */
export function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

/** Options of {@link tensor}. */
interface TensorOptions {
  /** Sizes; one may be -1. Default: those of the nested array, or a vector. */
  readonly shape?: readonly number[] | undefined;
}

/**
 * Makes a tensor of a nested array, a typed array with a shape, or an array of typed-array rows.
 *
 * @param values Numbers or booleans. Bare typed arrays are vectors unless `shape` is given.
 * @param options `shape`, and `dtype` (default: `bool` for booleans, `int32` for Int32Array, else `float32`).
 * @throws {RidgelineError} `ERR_SHAPE` for ragged arrays or a shape that does not fit, `ERR_DTYPE` for
 *   elements that are neither numbers nor booleans or that `dtype` does not hold, `ERR_NON_FINITE` for NaN and
 *   infinity where integers are asked for.
 */
export function tensor<D extends DType>(
  values: TensorInput,
  options: TensorOptions & { dtype: D },
): Tensor<D>;
export function tensor(values: Int32Array, options?: TensorOptions): Tensor<'int32'>;
export function tensor(values: Numbers, options?: TensorOptions): Tensor<'float32'>;
export function tensor<D extends DType = DType>(
  values: TensorInput,
  options?: TensorOptions & { dtype?: D | undefined },
): Tensor<D>;
export function tensor(
  values: unknown,
  options: TensorOptions & { dtype?: DType | undefined } = {},
): unknown {
  const { shape, dtype } = checkOptions('tensor', options, ['shape', 'dtype']);
  const made = atOnce(tensorFrom(values, dtype === undefined ? undefined : checkDtype(dtype)));
  return shape === undefined ? made : made.reshape(shape);
}

/** As {@link tensor}, of the type `asked` for if any. */
export function* tensorFrom(values: unknown, asked: DType | undefined): Work<Tensor> {
  if (values instanceof Tensor) {
    const { elements } = values;
    if (asked === undefined || asked === values.dtype) return values;
    return new Tensor(yield* copied(elements, asked), values.shape, asked);
  }
  if (isNumberArray(values) || isBigArray(values)) {
    const dtype = asked ?? dtypeOf(values);
    const data = yield* copied(values, dtype);
    return new Tensor(data, [data.length], dtype);
  }
  const { data, shape, dtype } = yield* flatten(values, asked);
  return new Tensor(data, shape, dtype);
}
