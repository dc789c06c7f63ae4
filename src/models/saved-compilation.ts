/**
 * What a model was compiled with, as its file has it: things by the names and configs that make them again.
 */
import { withReferences } from '../core/custom.js';
import { isTaken } from '../core/registry.js';
import type { Loss } from '../losses/loss.js';
import { getMetric, type MetricIdentifier } from '../metrics/identifier.js';
import type { Optimizer } from '../optimizers/optimizer.js';
import type { Compiled } from './compilation.js';
import type { Metrics } from './compile-options.js';
import type { TrainStep } from './own-step.js';
import { type Json, refuse } from './saved-file.js';

/** A loss or metric by the name that makes it again; a function is one of `functions` then. */
function describeMeasure(
  what: string,
  { name, source, config }: { name: string | undefined; source: unknown; config: unknown },
  functions: Record<string, unknown>,
): Json {
  const hint = 'or save with { includeOptimizer: false }';
  if (source !== undefined)
    withReferences(source, functions, isTaken, (_, fault) =>
      refuse(`${what} ${fault}; name it otherwise, ${hint}`),
    );
  if (config === undefined || name === undefined)
    throw refuse(
      name === undefined
        ? `${what} has no name; give it one, ${hint}`
        : `${what} '${name}' has no getConfig(), which gives what it is made with again: add one, ${hint}`,
    );
  return { name, config: config as Json };
}

/**
 * The options of `compile`; functions by their names, which `functions` gets.
 * @throws {RidgelineError} `ERR_ARGUMENT` naming what cannot come back.
 */
export function describeCompile(
  { options, optimizer, losses, lossWeights, trainStep }: Compiled,
  functions: Record<string, unknown>,
): Json {
  const loss = (of: Loss): Json =>
    describeMeasure('the loss', { name: of.name, source: of.source, config: of.getConfig() }, functions);
  const metric = (of: MetricIdentifier): Json => {
    if (typeof of === 'string') return of;
    const found = getMetric('metrics', of);
    const { kind: name, source } = found;
    return describeMeasure('a metric', { name, source, config: found.getConfig?.() }, functions);
  };
  const config = (of: Optimizer): Json =>
    withReferences(of.getConfig(), functions, isTaken, (key, fault) =>
      refuse(
        `'${key}' of the optimizer ${fault}; name it otherwise, or save with { includeOptimizer: false }`,
      ),
    ) as Json;
  const reference = (of: TrainStep): Json =>
    withReferences(of, functions, isTaken, (_, fault) =>
      refuse(`trainStep ${fault}; name it otherwise, or save with { includeOptimizer: false }`),
    ) as Json;
  const metrics = (of: Metrics): Json =>
    Array.isArray(of)
      ? of.map(metric)
      : Object.fromEntries(Object.entries(of).map(([output, list]) => [output, [list].flat().map(metric)]));
  return {
    optimizer: { name: optimizer.name, config: config(optimizer) },
    losses: losses.map((of) => (of ? loss(of) : null)),
    lossWeights: [...lossWeights],
    metrics: metrics(options.metrics ?? []),
    weightedMetrics: metrics(options.weightedMetrics ?? []),
    ...(trainStep ? { trainStep: reference(trainStep) } : {}),
  };
}
