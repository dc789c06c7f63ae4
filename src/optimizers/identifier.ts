/**
 * Optimizers by name.
 */
import { camel, type Name, unknownName } from '../core/check.js';
import { argumentError } from '../errors.js';
import { Optimizer } from './optimizer.js';
import { adam, adamW, rmsprop, sgd } from './rules.js';

const FACTORIES = { sgd, rmsprop, adam, adamW } as const;

/** An optimizer, or its name. */
export type OptimizerIdentifier = Optimizer | Name<keyof typeof FACTORIES> | 'adamw';

/** The optimizer that an option stands for. */
export function getOptimizer(
  argument: string,
  of: OptimizerIdentifier,
  config?: Record<string, unknown>,
): Optimizer {
  if (of instanceof Optimizer) return of;
  if (typeof of !== 'string') throw argumentError(argument, 'an optimizer or its name', of);
  const name = of === 'adamw' || of === 'adam_w' ? 'adamW' : camel(of);
  if (!Object.hasOwn(FACTORIES, name)) throw unknownName(argument, Object.keys(FACTORIES), of);
  return (FACTORIES[name as keyof typeof FACTORIES] as (o?: object) => Optimizer)(config);
}
