/**
 * What a call of a layer gives where its options say it: types of factories. A class by itself promises one tensor or
 * several.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Tensor } from '../core/tensor.js';
import type { Concrete, ConcreteArguments } from './arguments.js';

/** Calls that give the tensors `S` for inputs `P`. */
export type Calls<P extends unknown[], S extends readonly SymbolicTensor[]> = ((...inputs: P) => S) &
  ((...inputs: ConcreteArguments<P>) => Concrete<S>);

/** A layer of class `L` that gives the tensors `S` for inputs `P`. */
export type GivesSeveral<L, P extends unknown[], S extends readonly SymbolicTensor[]> = Calls<P, S> & L;

/** A layer of class `L` that gives one tensor for inputs `P`. */
export type GivesOne<L, P extends unknown[]> = ((...inputs: P) => SymbolicTensor) &
  ((...inputs: ConcreteArguments<P>) => Tensor) &
  L;
