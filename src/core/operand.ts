/**
 * What ops take and give.
 */
import { isTensorLike, type SymbolicTensor } from './symbolic.js';
import type { Tensor } from './tensor.js';
import { Weight } from './weight.js';

/** What ops take: tensors of any kind, weights, numbers. */
export type Operand = SymbolicTensor | Tensor | Weight | number;

/** What an op on `T` gives: a concrete tensor if all operands are concrete. */
export type Result<T> = Extract<T, SymbolicTensor | Weight> extends never ? Tensor : SymbolicTensor;

/** True for what has elements by itself: tensors of any kind, and weights. */
export const isSized = (value: unknown): value is Exclude<Operand, number> =>
  isTensorLike(value) || value instanceof Weight;

/** True for what ops take. */
export const isOperand = (value: unknown): value is Operand => typeof value === 'number' || isSized(value);
