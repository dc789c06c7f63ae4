/**
 * Activations by name.
 */
import { camel, type Name, unknownName } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as activations from './index.js';

const TABLE = { ...activations, swish: activations.silu, hardSwish: activations.hardSilu } as const;

/** Name of an activation. */
export type ActivationName = keyof typeof TABLE;

/** An activation's name, or a function of ops. */
export type ActivationIdentifier = Name<ActivationName> | ((x: SymbolicTensor) => SymbolicTensor);

/** An activation and its name, if it has one. */
export interface NamedActivation {
  readonly name: string | undefined;
  readonly apply: (x: SymbolicTensor) => SymbolicTensor;
}

/** The activation that an option stands for. */
export function getActivation(
  argument: string,
  of: ActivationIdentifier | undefined | null,
): NamedActivation {
  if (of === undefined || of === null) return { name: 'linear', apply: (x) => x };
  if (typeof of === 'function') {
    const known = Object.entries(TABLE).find(([, f]) => (f as unknown) === of);
    return { name: known?.[0], apply: of };
  }
  const name = typeof of === 'string' ? camel(of) : '';
  if (!Object.hasOwn(TABLE, name)) throw unknownName(argument, Object.keys(TABLE), of);
  if (name === 'linear') return { name, apply: (x) => x };
  return { name, apply: TABLE[name as ActivationName] as (x: SymbolicTensor) => SymbolicTensor };
}
