/**
 * Labelled data: what users pass to `fit` and `evaluate`, checked against the model and its losses, and weighted.
 */
import type { DataInput } from '../core/data-input.js';
import type { Shape } from '../core/symbolic.js';
import { type DType, shapeText, type TensorInput, tensorFrom } from '../core/tensor.js';
import { find, PIECE, type Work } from '../core/turns.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import { classWeights } from './class-weights.js';
import type { Compiled } from './compilation.js';
import type { Weighting } from './fit-options.js';
import { byName, type ElementCheck, inputTensors, type NamedTensor, rowsOf } from './input-data.js';
import type { Network } from './network.js';
import { UploadedData } from './uploaded-data.js';

/** Labels as they will be fed. */
export interface LabelSpec {
  /** Sizes; `null` where that of the output is unknown. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** Rows ready to be fed, and what they look like. */
export interface LabelledData {
  /** Inputs, labels, and weights if there are any. */
  readonly data: readonly NamedTensor[];
  readonly labels: readonly LabelSpec[];
  /** True if weights come last. */
  readonly weighted: boolean;
}

/**
 * Checks inputs, labels and weights.
 *
 * @param like - For validation data: the labels of the training data, whose form its own take.
 * @throws {RidgelineError} `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT` naming what does not fit.
 */
export function* labelledData(
  network: Network,
  compiled: Compiled,
  x: DataInput,
  y: DataInput,
  given: Weighting,
  like?: readonly LabelSpec[],
): Work<LabelledData> {
  const prefix = like ? 'validation ' : '';
  const inputs = yield* inputTensors(network, `${prefix}x`, x);
  const { outputs } = network.graph;
  const untyped = outputs.map(() => undefined);
  const labels = yield* byName(`${prefix}y`, y, network.outputNames, untyped);
  for (const [i, label] of labels.entries()) if (like) labels[i] = yield* alike(label, like[i] as LabelSpec);
  const { losses } = compiled;
  const checked = labels.map((label, i): NamedTensor => {
    const check = checkOf(losses[i] as Loss, label.name, outputs[i]?.shape.at(-1) ?? null);
    return { ...label, check };
  });
  const data = [...inputs, ...checked];
  const rows = rowsOf(data);
  let { sampleWeight } = given;
  if (given.classWeight !== undefined) {
    for (const label of checked) yield* expectClasses(label);
    sampleWeight = yield* classWeights(outputs, labels, given);
  }
  if (sampleWeight !== undefined) data.push(yield* rowWeights(`${prefix}sampleWeight`, sampleWeight, rows));
  const specs = labels.map(({ tensor: t }, i) => {
    const output = outputs[i]?.shape ?? [];
    return { shape: t.shape.map((d, axis) => (output[axis] === null ? null : d)), dtype: t.dtype };
  });
  return { data, labels: specs, weighted: sampleWeight !== undefined };
}

/** As {@link labelledData}, with copies of the rows in native memory, to be released. */
export function* uploadLabelled(
  network: Network,
  compiled: Compiled,
  x: DataInput,
  y: DataInput,
  given: Weighting,
): Work<{ rows: LabelledData; data: UploadedData }> {
  const rows = yield* labelledData(network, compiled, x, y, given);
  return { rows, data: yield* UploadedData.of(rows.data) };
}

function* rowWeights(name: string, given: TensorInput, rows: number): Work<NamedTensor> {
  const [{ tensor: weights }] = (yield* byName(name, given, [name], ['float32'])) as [NamedTensor];
  if (weights.rank === 1 && weights.shape[0] === rows) return { name, tensor: weights };
  throw new RidgelineError(
    'ERR_SHAPE',
    `${name} must have shape [${rows}], received [${weights.shape.join(', ')}]`,
    { argument: 'sampleWeight' },
  );
}

/** Looks at labels at once, before classes are made of them. */
function* expectClasses({ tensor: t, check }: NamedTensor): Work<void> {
  if (!check) return;
  const wrong = yield* find(t.data, (x) => !check.fits(x) && Number.isFinite(x));
  if (wrong !== undefined) throw check.fault(wrong);
}

/** What the labels called `name` must be for a loss. */
function checkOf(loss: Loss, name: string, classes: number | null): ElementCheck | undefined {
  if (loss.sparse && classes !== null) {
    return {
      fits: (x) => Number.isInteger(x) && x >= 0 && x < classes,
      fault: (x) => argumentError(name, `class indices in [0, ${classes})`, x),
    };
  }
  if (!loss.probabilities) return undefined;
  return {
    fits: (x) => x >= 0 && x <= 1,
    fault: (x) => argumentError(name, 'in [0, 1] for binary cross-entropy', x),
  };
}

/** A label in the form of `like`. */
function* alike({ name, tensor: given }: NamedTensor, like: LabelSpec): Work<NamedTensor> {
  const columns = (shape: Shape): Shape => (shape.at(-1) === 1 ? shape.slice(1, -1) : shape.slice(1));
  const [sizes, expected] = [columns(given.shape), columns(like.shape)];
  const fits = expected.every((d, axis) => d === null || d === sizes[axis]);
  if (sizes.length !== expected.length || !fits)
    throw shapeError(name, shapeText([null, ...like.shape.slice(1)]), shapeText(given.shape));
  const same = yield* tensorFrom(given, like.dtype);
  for (let from = 0; same !== given && from < same.size; from += PIECE) {
    const piece = given.data.subarray(from, from + PIECE);
    if (piece.some((value, i) => value !== same.data[from + i])) {
      throw new RidgelineError(
        'ERR_DTYPE',
        `${name} must be ${like.dtype} as y is, received ${given.dtype}`,
        { argument: name },
      );
    }
    yield;
  }
  const tail = like.shape.length > 1 && like.shape.at(-1) === 1 ? [1] : [];
  return { name, tensor: same.reshape([given.shape[0] ?? 0, ...(sizes as number[]), ...tail]) };
}
