/**
 * Tensors as functions of ops take and give them: alone, in a list, or none at all.
 */
import { isOperand, type Operand, type Result } from '../core/operand.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';

/** A tensor, or tensors in a list; none where nothing stands. */
export type Some = Operand | readonly Operand[] | undefined;
/** The same in a function that is traced. */
export type Inside<S extends Some> = S extends readonly unknown[]
  ? { -readonly [I in keyof S]: SymbolicTensor }
  : S extends undefined
    ? undefined
    : SymbolicTensor;
/** What a step gives in its place. */
export type Next<S extends Some> = S extends readonly unknown[] ? readonly Operand[] : Operand;
/** One of them. */
export type Element<S extends Some> = S extends readonly (infer E)[] ? E : S;
/** The same behind it, if it went through `E`. */
export type Behind<S extends Some, E> = S extends readonly unknown[]
  ? { -readonly [I in keyof S]: Result<E> }
  : S extends undefined
    ? undefined
    : Result<E>;

/** Tensors that stand alone, in a list or not at all, and how they stand. */
export class Standing {
  readonly all: readonly Operand[];
  readonly #isList: boolean;

  /** @throws {RidgelineError} `ERR_ARGUMENT` for anything else. */
  constructor(name: string, given: unknown) {
    this.#isList = Array.isArray(given);
    this.all = given === undefined || given === null ? [] : ([given].flat() as Operand[]);
    if (!this.all.every(isOperand)) throw argumentError(name, 'a tensor, or tensors in a list', given);
  }

  /** Others in their places. */
  place(values: readonly unknown[]): unknown {
    return this.#isList ? [...values] : values[0];
  }
}
