/**
 * Whether constraints, optimizers and schedules of one's own come back from their configs as what they were.
 */

import { getConstraint } from '../constraints/identifier.js';
import { withCustom } from '../core/custom.js';
import { undisturbed } from '../core/random.js';
import { fingerprints } from '../core/traced.js';
import type { Projection, Weight } from '../core/weight.js';
import { RidgelineError } from '../errors.js';
import { restoreOptimizer } from '../optimizers/identifier.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import { tracedUpdate } from '../optimizers/own-update.js';
import { getSchedule } from '../optimizers/schedules/identifier.js';
import { LearningRateSchedule } from '../optimizers/schedules/schedule.js';
import { projectionOf } from './native-programs.js';
import { OTHER } from './rebuilding.js';

type Functions = Readonly<Record<string, unknown>>;

/** What has a class and a config. */
interface Configured {
  getConfig(): object | undefined;
}

/** @throws {RidgelineError} `ERR_ARGUMENT` unless what `make` gives computes what `of` does. */
function check<T extends Configured>(
  what: string,
  { of, name, functions }: { readonly of: T; readonly name: string; readonly functions: Functions },
  make: (config: object) => T | undefined,
  compute: (of: T) => unknown,
): void {
  const fault = undisturbed((): string | undefined => {
    try {
      const config = JSON.parse(JSON.stringify(of.getConfig())) as object;
      const again = withCustom({ ...functions, [name]: of.constructor }, () => make(config));
      const same = again && fingerprints(() => compute(again)) === fingerprints(() => compute(of));
      return same ? undefined : OTHER;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
  if (fault === undefined) return;
  const message = `cannot save: ${what}, made again from its config: ${fault}`;
  throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'model' });
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for constraints of one's own whose configs lack something. */
export function checkConstraints(weights: readonly Weight[], functions: Functions): void {
  const seen = new Set<Projection>();
  for (const weight of weights) {
    const { constraint } = weight;
    const name = constraint?.call && (constraint.getConfig() as { name?: string } | undefined)?.name;
    if (!constraint || !name || seen.has(constraint)) continue;
    seen.add(constraint);
    check<Projection>(
      `the constraint of '${weight.path}'`,
      { of: constraint, name, functions },
      (config) => getConstraint('constraint', config as { name: string }),
      (of) => projectionOf(weight, of),
    );
  }
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for a schedule of one's own whose config lacks something. */
function checkSchedule(of: unknown, functions: Functions): void {
  if (!(of instanceof LearningRateSchedule) || !of.call) return;
  const name = of.getConfig()?.name;
  // A function is saved by its name.
  if (name === undefined) return;
  check<LearningRateSchedule>(
    `schedule '${name}'`,
    { of, name, functions },
    (config) => getSchedule('learningRate', config),
    (of) => of.create(),
  );
}

/** @throws {RidgelineError} `ERR_ARGUMENT` for optimizers and schedules of one's own whose configs lack something. */
export function checkOptimizer(whole: Optimizer, weights: readonly Weight[], functions: Functions): void {
  for (const part of whole.parts) {
    checkSchedule(part.options.learningRate, functions);
    const weight = weights.find((one) => whole.partOf(one) === part);
    if (!part.update || !weight) continue;
    const { name } = part;
    check(
      `optimizer '${name}'`,
      { of: part, name, functions },
      (config) => restoreOptimizer({ name, config }),
      (of) => tracedUpdate(of, weight),
    );
  }
}
