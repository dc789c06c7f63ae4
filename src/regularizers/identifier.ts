/**
 * Regularizers by name, by config and as functions.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError } from '../errors.js';
import * as regularizers from './factories.js';
import { ofFunction, type Regularizer } from './regularizer.js';

/** Keras' longer name. */
const ALIASES = { orthogonalRegularizer: 'orthogonal' } as const;

/** A regularizer, its name (with Keras' default 0.01), its config, or a function of ops that gives a scalar. */
export type RegularizerIdentifier =
  | Regularizer
  | Name<Exclude<FactoryName<typeof regularizers>, 'l1L2'>>
  | Name<keyof typeof ALIASES>
  | ({ readonly name: string } & Record<string, unknown>)
  | ((x: SymbolicTensor) => SymbolicTensor);

const registry = new Registry<Regularizer>({
  noun: 'regularizer',
  expected: 'a regularizer, its name or a function',
  factories: factoriesOf(regularizers),
  aliases: ALIASES,
  isReady: (of) => hasMethods(of, ['call', 'getConfig']),
  adapt: ofFunction,
});

/** The regularizer that an option stands for, if any. */
export function getRegularizer(
  argument: string,
  of: RegularizerIdentifier | undefined | null,
): Regularizer | undefined {
  if (of === undefined || of === null) return undefined;
  if (typeof of === 'string' && /^l1_?l2$/i.test(of))
    throw argumentError(argument, 'regularizers.l1L2({ l1, l2 }), which has no defaults', of);
  return registry.get(argument, of);
}
