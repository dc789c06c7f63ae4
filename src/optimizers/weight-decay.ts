/**
 * Which weights an optimizer's decay leaves alone.
 */
import { type Option, option } from '../core/options.js';
import type { Weight } from '../core/weight.js';
import { argumentError } from '../errors.js';

/**
 * Weights: by a part of their name, such as `bias`, by the path of a layer around them, such as `block/dense`, or by a
 * pattern of their path.
 */
export type WeightPattern = string | RegExp | { readonly source: string; readonly flags: string };

/** The option `excludeFromWeightDecay`. */
export const excluded: Option<readonly WeightPattern[], false> = option(
  (argument, given): readonly WeightPattern[] => {
    const list: unknown[] = Array.isArray(given) ? given : [given];
    return list.map((one) => pattern(argument, one));
  },
  [],
  (list) => list.map((one) => (one instanceof RegExp ? { source: one.source, flags: one.flags } : one)),
);

function pattern(argument: string, given: unknown): WeightPattern {
  if (given instanceof RegExp || (typeof given === 'string' && given !== '')) return given;
  const { source, flags } = (given ?? {}) as { source?: unknown; flags?: unknown };
  try {
    if (typeof source === 'string' && typeof flags === 'string') return new RegExp(source, flags);
  } catch {
    // Not one that can be made.
  }
  throw argumentError(argument, 'names of weights or layers, or patterns of their paths', given);
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a pattern that means none of the weights. */
export function checkPatterns(
  argument: string,
  patterns: readonly WeightPattern[],
  weights: readonly Weight[],
): void {
  const some = weights.slice(0, 8).map(({ path }) => path);
  for (const one of patterns) {
    if (weights.some((weight) => isExcluded([one], weight))) continue;
    throw argumentError(argument, `patterns of weights such as ${some.join(', ')}`, one);
  }
}

/** True if one of the patterns means the weight. */
export function isExcluded(
  patterns: readonly WeightPattern[],
  { name, path }: Pick<Weight, 'name' | 'path'>,
): boolean {
  return patterns.some((one) => {
    if (typeof one === 'string') return name.includes(one) || path === one || path.startsWith(`${one}/`);
    // Without the place where a global pattern left off.
    return new RegExp(one.source, one.flags.replace(/[gy]/g, '')).test(path);
  });
}
