/**
 * Files of weights alone: safetensors by the weights' paths, such as `dense/kernel`.
 */
import { boolean, options as checkOptions } from '../core/check.js';
import { type FilePath, filePath, ofFile } from '../core/file-path.js';
import { shapeText } from '../core/tensor.js';
import { argumentError, RidgelineError } from '../errors.js';
import { guard, type NativeCheckpoint, native } from '../native.js';
import { located, type Network } from './network.js';

/** Options of {@link Model.loadWeights}. */
export interface LoadWeightsOptions {
  /** True to read the weights that model and file both have, in one shape, and leave the others. Default false. */
  readonly partial?: boolean | undefined;
}

/** Writes all weights, off the JavaScript thread; as {@link Model.saveWeights}. */
export async function saveWeights(model: Network, path: FilePath): Promise<void> {
  const weights = weightsOf(model);
  const file = filePath('path', path);
  const names = weights.map(([, at]) => at);
  const variables = weights.map(([weight]) => weight.variable);
  const counters = new native.NativeCounters();
  ofFile(file, await guard(() => native.saveCheckpoint(file, names, variables, '{}', counters)));
}

/** Reads weights by name; as {@link Model.loadWeights}. */
export async function loadWeights(
  model: Network,
  path: FilePath,
  options: LoadWeightsOptions,
): Promise<string[]> {
  const weights = weightsOf(model);
  const { partial = false } = checkOptions('loadWeights', options, ['partial']);
  boolean('partial', partial);
  const file = filePath('path', path);
  const opened = ofFile(file, await guard(() => native.loadCheckpoint(file))).file as NativeCheckpoint;
  try {
    const { shapes } = opened;
    // A whole model's file numbers its weights, and holds more than these.
    const found = new Map(
      opened.names.flatMap((name, i) => {
        const plain = name.replace(/^\d+:/, '');
        return /^(optimizer|callback)\//.test(name) ? [] : [[plain, { name, shape: shapes[i] as number[] }]];
      }),
    );
    const fits = ([weight, at]: Placed): boolean => {
      const shape = found.get(at)?.shape;
      return shape !== undefined && shapeText(shape) === shapeText(weight.shape);
    };
    const known = new Set(weights.map(([, at]) => at));
    const other = partial ? undefined : [...found.keys()].find((name) => !known.has(name));
    const bad = partial ? undefined : weights.find((of) => !fits(of));
    if (bad) throw missing(file, bad, found.get(bad[1])?.shape);
    if (other !== undefined)
      throw argumentError(
        'path',
        `a file of weights that '${model.name}' has`,
        `'${file}', which has '${other}'`,
      );
    const filled = weights.filter(fits);
    const names = filled.map(([, at]) => found.get(at)?.name as string);
    const variables = filled.map(([weight]) => weight.variable);
    ofFile(file, await guard(() => opened.fill(names, variables)));
    return filled.map(([, at]) => at);
  } finally {
    opened.release();
  }
}

/** A weight, and where it stands in its model. */
type Placed = ReturnType<typeof located>[number];

/** All weights; those of a model that has no input yet are still to come, which is an error. */
const weightsOf = (model: Network): Placed[] => model.graph && located(model);

function missing(
  file: string,
  [{ shape }, path]: Placed,
  found: readonly number[] | undefined,
): RidgelineError {
  const expected = `weight '${path}' of shape ${shapeText(shape)}`;
  const has = found ? `one of shape ${shapeText(found)}` : 'none of that name';
  const details = { argument: 'path', expected };
  return new RidgelineError('ERR_ARGUMENT', `'${file}' must have ${expected}, it has ${has}`, details);
}
