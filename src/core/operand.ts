/**
 * What ops take and give.
 */
import type { SymbolicTensor } from './symbolic.js';
import type { Tensor } from './tensor.js';
import type { Weight } from './weight.js';

/** What ops take: tensors of any kind, weights, numbers. */
export type Operand = SymbolicTensor | Tensor | Weight | number;

/** What an op on `T` gives: a concrete tensor if all operands are concrete. */
export type Result<T> = Extract<T, SymbolicTensor | Weight> extends never ? Tensor : SymbolicTensor;
