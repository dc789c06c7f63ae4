/**
 * Losses by name, as functions, and from files.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as losses from './factories.js';
import { matched } from './labels.js';
import type { Loss } from './loss.js';

const ALIASES = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  mape: 'meanAbsolutePercentageError',
  msle: 'meanSquaredLogarithmicError',
  bce: 'binaryCrossentropy',
  ce: 'crossentropy',
  kld: 'klDivergence',
} as const;

/** A function of symbolic labels and predictions that gives a value for each sample. */
export type LossFunction = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor;

/** A loss, its name, or a function. */
export type LossIdentifier = Loss | Name<FactoryName<typeof losses>> | keyof typeof ALIASES | LossFunction;

const registry = new Registry<Loss>({
  noun: 'loss',
  expected: 'a loss, its name or a function',
  factories: factoriesOf(losses),
  aliases: ALIASES,
  isReady: (of) => hasMethods(of, ['call', 'getConfig']),
  adapt: (of: LossFunction, name) => ({
    name: name ?? (of.name || undefined),
    sparse: false,
    source: of,
    getConfig: () => (name === undefined && of.name === '' ? undefined : {}),
    call: (yTrue, yPred) => of(matched(yTrue, yPred), yPred),
  }),
});

/** The loss that an option stands for. */
export const getLoss = (argument: string, of: LossIdentifier): Loss => registry.get(argument, of);

/** A saved loss. */
export const restoreLoss = (saved: { name: string; config: object }): Loss => registry.restore(saved);
