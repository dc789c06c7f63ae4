/**
 * What a call of a layer gives where its options say it: types of factories. A class by itself promises one tensor or
 * several.
 */
import type { SymbolicTensor } from '../core/symbolic.js';

/** A layer of class `L` that gives one tensor for inputs `P`. */
export type GivesOne<L, P extends unknown[]> = ((...inputs: P) => SymbolicTensor) & L;
