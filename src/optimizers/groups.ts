/**
 * Groups of weights that optimizers of their own train, beside the one that trains all others.
 */
import { options as checkOptions, isPlain } from '../core/check.js';
import { type Option, option } from '../core/options.js';
import type { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';
import { checkPatterns, excluded, isExcluded, type WeightPattern } from './weight-decay.js';

/** An optimizer, as far as groups know it. */
interface Grouped {
  readonly name: string;
  readonly groups: readonly OptimizerGroup<Grouped>[];
  readonly options: object;
  getConfig(): Record<string, unknown>;
}

/** Weights and the optimizer that trains them. */
export interface OptimizerGroup<O> {
  /** Which: names of weights, paths of layers, patterns of paths; the first group that has a weight takes it. */
  readonly weights: readonly WeightPattern[];
  /** Their optimizer, or its name. Bounds by norm are of these weights alone. */
  readonly optimizer: O;
}

/** Makes an optimizer of what was given or saved; the registry says how, which knows all and so none may know. */
let get: ((argument: string, given: unknown) => Grouped) | undefined;

/** Says how optimizers are found. */
export function findsOptimizers(by: typeof get): void {
  get = by;
}

/** The option `groups`. */
export const groups: Option<readonly OptimizerGroup<never>[], false> = option(
  (argument, given): readonly OptimizerGroup<never>[] => {
    if (!Array.isArray(given)) throw argumentError(argument, 'a list of { weights, optimizer }', given);
    return given.map((one, i) => group(`${argument}[${i}]`, one) as never);
  },
  [],
  (list) => list.map(saved),
);

function group(argument: string, given: unknown): OptimizerGroup<Grouped> {
  if (!isPlain(given)) throw argumentError(argument, '{ weights, optimizer }', given);
  const { weights, optimizer } = checkOptions<{ weights?: unknown; optimizer?: unknown }>(argument, given, [
    'weights',
    'optimizer',
  ]);
  const patterns = excluded.read(`${argument}.weights`, weights ?? []);
  if (patterns.length === 0) throw argumentError(`${argument}.weights`, 'patterns of weights', weights);
  const found = (get as NonNullable<typeof get>)(`${argument}.optimizer`, optimizer);
  if (found.groups.length > 0)
    throw argumentError(`${argument}.optimizer`, 'without groups of its own', found.name);
  const { gradientAccumulationSteps: steps } = found.options as { gradientAccumulationSteps?: number };
  if (steps !== undefined)
    throw argumentError(`${argument}.optimizer`, 'without gradientAccumulationSteps', steps);
  return { weights: patterns, optimizer: found };
}

function saved({ weights, optimizer }: OptimizerGroup<Grouped>): unknown {
  const { name } = optimizer;
  return { weights: excluded.save(weights), optimizer: { name, ...optimizer.getConfig() } };
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a group that none of the weights is in. */
export function checkGroups(of: readonly OptimizerGroup<unknown>[], weights: readonly Weight[]): void {
  of.forEach(({ weights: patterns }, i) => {
    checkPatterns(`groups[${i}].weights`, patterns, weights);
  });
}

/** The optimizer of a weight: that of the first group that has it, or `other`. */
export function optimizerOf<O>(of: readonly OptimizerGroup<O>[], weight: Weight, other: O): O {
  return of.find(({ weights }) => isExcluded(weights, weight))?.optimizer ?? other;
}
