/**
 * One output or several: what a model takes and gives is a single thing or a list, in values and in types.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import type { KeysOf, WeightedKeys } from './compile-options.js';

/** One tensor, or several. */
export type Tensors = SymbolicTensor | readonly SymbolicTensor[];

/** True for a list of outputs; false for one, and where it is not known. */
export type Several<O> = 0 extends 1 & O ? false : O extends readonly unknown[] ? true : false;

/** A `T` for each of the outputs `O`. */
export type PerOutput<O, T> = Several<O> extends true ? { -readonly [I in keyof O]: T } : T;

/** What a model predicts: a tensor, or a list for several outputs. */
export type Prediction<O = SymbolicTensor> = PerOutput<O, Tensor<'float32'>>;

/**
 * Keys in logs of metrics `M` and weighted ones `W`; those of several outputs carry names that the compiler does not
 * know.
 */
export type KeyOf<M, W, O> = Several<O> extends true ? string : KeysOf<M> | WeightedKeys<M, W>;

/** What was given as a list. */
export function list<T>(of: T | readonly T[]): readonly T[] {
  return Array.isArray(of) ? of : [of as T];
}

/** The only element of a list, or the list. */
export function perOutput<O, T>(of: readonly unknown[]): PerOutput<O, T> {
  return (of.length === 1 ? of[0] : of) as PerOutput<O, T>;
}
