/**
 * Activations by name and as functions.
 */
import type { FactoryName, Name } from '../core/names.js';
import { Registry } from '../core/registry.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as ops from '../ops/index.js';
import * as activations from './index.js';

type Apply = (x: SymbolicTensor) => SymbolicTensor;

const ALIASES = { swish: 'silu', hardSwish: 'hardSilu' } as const;

/** Name of an activation. */
export type ActivationName = FactoryName<typeof activations> | keyof typeof ALIASES;

/** An activation's name, or a function of ops. */
export type ActivationIdentifier = Name<ActivationName> | ((x: SymbolicTensor) => SymbolicTensor);

/** An activation and its name, if it has one. */
export interface NamedActivation {
  /** Its name; `undefined` for a function of one's own. */
  readonly name: string | undefined;
  /** What it computes. */
  readonly apply: Apply;
}

const named = Object.entries(activations).map(([name, apply]): NamedActivation => {
  // Inside a model the identity needs no op.
  return name === 'linear' ? { name, apply: (x) => x } : { name, apply: apply as Apply };
});

const registry = new Registry<NamedActivation>({
  noun: 'activation',
  expected: 'a name or a function of ops',
  factories: Object.fromEntries(named.map((of) => [of.name, () => of])),
  aliases: ALIASES,
  isReady: (of) => 'apply' in of,
  adapt(apply: Apply, name) {
    const all: Record<string, unknown> = ops;
    const known = Object.entries(activations).find(([name, of]) => [of, all[name]].includes(apply));
    return { name: name ?? known?.[0], apply };
  },
});

/** The activation that an option stands for. */
export const getActivation = (argument: string, of: ActivationIdentifier): NamedActivation =>
  registry.get(argument, of);
