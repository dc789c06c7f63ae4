/**
 * Losses by name, as functions, and from files.
 */
import type { FactoryName, Name } from '../core/names.js';
import { factoriesOf, hasMethods, Registry } from '../core/registry.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import * as losses from './factories.js';
import { matched } from './labels.js';
import { type Loss, type LossOptions, reduction } from './loss.js';

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

/**
 * A loss of one's own that has options, as a class: `call` as a {@link LossFunction}, and `getConfig` with what its
 * constructor takes. Models are saved with its name, by itself that of the class, which `custom` gives again.
 */
export interface OwnLoss extends LossOptions {
  readonly name?: string | undefined;
  /** A value for each sample or position. */
  call(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor;
  /** What the constructor takes to make an equal one. */
  getConfig(): object;
}

/** A loss, its name, a function, or an object of a class of one's own. */
export type LossIdentifier =
  | Loss
  | Name<FactoryName<typeof losses>>
  | keyof typeof ALIASES
  | LossFunction
  | OwnLoss;

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

/** What an object of a class of one's own is as a loss; those of the package are it already. */
function completed(of: Loss | OwnLoss): Loss {
  if ('sparse' in of) return of;
  return {
    name: of.name ?? (of.constructor === Object ? undefined : of.constructor?.name || undefined),
    sparse: false,
    reduction: reduction.read('reduction', of.reduction),
    getConfig: () => ({ ...of.getConfig() }),
    call: (yTrue, yPred) => of.call(matched(yTrue, yPred), yPred),
  };
}

/** The loss that an option stands for. */
export const getLoss = (argument: string, of: LossIdentifier): Loss => completed(registry.get(argument, of));

/** A saved loss. */
export const restoreLoss = (saved: { name: string; config: object }): Loss =>
  completed(registry.restore(saved));
