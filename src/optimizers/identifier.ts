/**
 * Optimizers by name.
 */
import { resolveReferences } from '../core/custom.js';
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, Registry } from '../core/registry.js';
import * as optimizers from './factories.js';
import { findsOptimizers } from './groups.js';
import { Optimizer } from './optimizer.js';

/** An optimizer, or its name. */
export type OptimizerIdentifier =
  | Optimizer
  | Name<FactoryName<typeof optimizers>>
  // Keras' spelling.
  | 'adamw';

const registry = new Registry<Optimizer>({
  noun: 'optimizer',
  expected: 'an optimizer or its name',
  factories: factoriesOf(optimizers),
  isReady: (of) => of instanceof Optimizer,
});

findsOptimizers((argument, given) => registry.get(argument, given));

/** The optimizer that an option stands for. */
export const getOptimizer = (argument: string, of: OptimizerIdentifier): Optimizer =>
  registry.get(argument, of);

/** A saved optimizer. */
export const restoreOptimizer = (saved: { name: string; config: object }): Optimizer =>
  registry.restore({ name: saved.name, config: resolveReferences(saved.config) as object });
