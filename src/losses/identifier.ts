/**
 * Losses by name, by function, and from files.
 */
import { camel, type Name, unknownName } from '../core/check.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { argumentError, RidgelineError } from '../errors.js';
import {
  binaryCrossentropy,
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
} from './crossentropy.js';
import { meanAbsoluteError, meanSquaredError } from './difference.js';
import { matched } from './labels.js';
import type { Loss } from './loss.js';

const FACTORIES = {
  categoricalCrossentropy,
  sparseCategoricalCrossentropy,
  binaryCrossentropy,
  meanSquaredError,
  meanAbsoluteError,
} as const;
const ALIASES: Record<string, keyof typeof FACTORIES> = {
  mse: 'meanSquaredError',
  mae: 'meanAbsoluteError',
  bce: 'binaryCrossentropy',
};

/** A loss, its name, or a function of symbolic labels and predictions giving a value a sample. */
export type LossIdentifier =
  | Loss
  | Name<keyof typeof FACTORIES>
  | 'mse'
  | 'mae'
  | 'bce'
  | ((yTrue: SymbolicTensor, yPred: SymbolicTensor) => SymbolicTensor);

/** The loss that an option stands for. */
export function getLoss(argument: string, of: LossIdentifier): Loss {
  if (typeof of === 'function') {
    const call: Loss['call'] = (yTrue, yPred) => of(matched(yTrue, yPred), yPred);
    return { name: undefined, sparse: false, getConfig: () => undefined, call };
  }
  if (typeof of === 'object' && of !== null && 'call' in of) return of;
  if (typeof of !== 'string') throw argumentError(argument, 'a loss, its name or a function', of);
  const name = ALIASES[of.toLowerCase()] ?? camel(of);
  if (!Object.hasOwn(FACTORIES, name))
    throw unknownName(argument, [...Object.keys(FACTORIES), ...Object.keys(ALIASES)], of);
  return FACTORIES[name as keyof typeof FACTORIES]();
}

/** A saved loss. */
export function restoreLoss(saved: { name: string; config: Record<string, unknown> }): Loss {
  if (!Object.hasOwn(FACTORIES, saved.name))
    throw new RidgelineError('ERR_IO', `the file names an unknown loss '${saved.name}'`);
  const config = Object.keys(saved.config).length > 0 ? saved.config : undefined;
  return (FACTORIES[saved.name as keyof typeof FACTORIES] as (o?: object) => Loss)(config);
}
