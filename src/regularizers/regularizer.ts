/**
 * Penalties added to the loss: l1·Σ|w| + l2·Σw², or a function of one's own.
 *
 * They are plain sums: not divided by the batch, the number of weights or of steps. The gradient of Σ|w| at 0
 * is 0. On activities the penalty is divided by the batch size.
 */
import { options as checkOptions, type Name, nonNegative, unknownName } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import type { Weight } from '../core/weight.js';
import { argumentError, RidgelineError } from '../errors.js';
import * as ops from '../ops/index.js';

/** A penalty on a tensor. */
export interface Regularizer {
  /** Factors that the optimizer's own pass applies, unless the penalty is a custom one. */
  readonly factors: { readonly l1: number; readonly l2: number } | undefined;
  /** The penalty of `x`, a scalar. */
  call(x: SymbolicTensor | Weight): SymbolicTensor;
  /** How to make an equal one; `undefined` if it cannot be saved. */
  getConfig(): { name: string; l1?: number; l2?: number } | undefined;
}

/** l1·Σ|w| + l2·Σw². */
export class L1L2 implements Regularizer {
  readonly factors: { readonly l1: number; readonly l2: number };
  readonly #name: string;

  constructor(name: string, l1: number, l2: number) {
    this.#name = name;
    this.factors = { l1: nonNegative('l1', l1), l2: nonNegative('l2', l2) };
  }

  call(x: SymbolicTensor | Weight): SymbolicTensor {
    const { l1, l2 } = this.factors;
    const absolute = ops.mul(ops.sum(ops.abs(x)), l1);
    const squared = ops.mul(ops.sum(ops.square(x)), l2);
    if (l2 === 0) return absolute;
    return l1 === 0 ? squared : ops.add(absolute, squared);
  }

  getConfig(): { name: string; l1?: number; l2?: number } {
    const { l1, l2 } = this.factors;
    return {
      name: this.#name,
      ...(this.#name !== 'l2' ? { l1 } : {}),
      ...(this.#name !== 'l1' ? { l2 } : {}),
    };
  }
}

/** A penalty of one's own: a function of ops, giving a scalar. */
class Custom implements Regularizer {
  readonly factors = undefined;
  readonly #penalty: (x: SymbolicTensor) => SymbolicTensor;

  constructor(penalty: (x: SymbolicTensor) => SymbolicTensor) {
    this.#penalty = penalty;
  }

  call(x: SymbolicTensor | Weight): SymbolicTensor {
    const value = this.#penalty(ops.add(x, 0));
    if (value?.rank !== 0) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `a custom regularizer must give a scalar, received rank ${value?.rank}`,
      );
    }
    return value;
  }

  getConfig(): undefined {
    return undefined;
  }
}

const NAMES = ['l1', 'l2', 'l1L2'] as const;

/** A regularizer, its config, its name (with Keras' default 0.01), or a function of ops. */
export type RegularizerIdentifier =
  | Regularizer
  | Name<(typeof NAMES)[number]>
  | { readonly name: string; readonly l1?: number; readonly l2?: number }
  | ((x: SymbolicTensor) => SymbolicTensor);

/** `l1·Σ|w|`. Default 0.01. */
export function l1(factor = 0.01): Regularizer {
  return new L1L2('l1', nonNegative('l1', factor), 0);
}

/** `l2·Σw²`; its gradient is `2·l2·w`. Default 0.01. */
export function l2(factor = 0.01): Regularizer {
  return new L1L2('l2', 0, nonNegative('l2', factor));
}

/** `l1·Σ|w| + l2·Σw²`. Both factors must be given: Keras' defaults are 0 in one place and 0.01 in another. */
export function l1L2(factors: { readonly l1: number; readonly l2: number }): Regularizer {
  checkOptions('l1L2', factors, ['l1', 'l2']);
  return new L1L2('l1L2', nonNegative('l1', factors?.l1), nonNegative('l2', factors?.l2));
}

/** @internal The regularizer that an option stands for. */
export function getRegularizer(
  argument: string,
  of: RegularizerIdentifier | undefined | null,
): Regularizer | undefined {
  if (of === undefined || of === null) return undefined;
  if (typeof of === 'string') {
    if (of === 'l1') return l1();
    if (of === 'l2') return l2();
    throw unknownName(argument, NAMES, of);
  }
  if (typeof of === 'function') return new Custom(of);
  if (typeof of === 'object' && 'call' in of) return of;
  if (typeof of === 'object' && 'name' in of) {
    if (of.name === 'l1') return l1(of.l1);
    if (of.name === 'l2') return l2(of.l2);
    if (of.name === 'l1L2' || of.name === 'l1_l2') return l1L2({ l1: of.l1 ?? 0, l2: of.l2 ?? 0 });
    throw unknownName(argument, NAMES, of.name);
  }
  throw argumentError(argument, 'a regularizer, its name or a function', of);
}

/** @internal The config of a regularizer in a layer's config; custom ones cannot be saved. */
export function regularizerConfig(argument: string, of: Regularizer | undefined): unknown {
  if (!of) return undefined;
  const config = of.getConfig();
  return config ?? { name: 'custom', argument };
}
