/**
 * Labelled data: what users pass to `fit` and `evaluate`, checked against the model and its losses, and weighted.
 */
import { isPlain } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import type { Shape, SymbolicTensor } from '../core/symbolic.js';
import { type DType, shapeText, type TensorInput, tensorFrom } from '../core/tensor.js';
import { find, PIECE, type Work } from '../core/turns.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import type { Loss } from '../losses/loss.js';
import { classWeights } from './class-weights.js';
import type { Compiled } from './compilation.js';
import type { Weighting } from './fit-options.js';
import { byName, type ElementCheck, inputTensors, type NamedTensor, rowsOf } from './input-data.js';
import type { Network } from './network.js';
import { type LabelledOutput, type SampleWeights, sampleWeights, type WeightSpec } from './sample-weights.js';
import { UploadedData } from './uploaded-data.js';

/** Labels as they will be fed. */
export interface LabelSpec {
  /** The output that they are for. */
  readonly output: number;
  /** Sizes; `null` where that of the output is unknown. */
  readonly shape: Shape;
  readonly dtype: DType;
}

/** What the graph of a loss must know of rows. */
export interface RowsSpec {
  readonly labels: readonly LabelSpec[];
  readonly weights: readonly WeightSpec[];
}

/** Rows ready to be fed, and what they look like. */
export interface LabelledData extends RowsSpec {
  /** Inputs. */
  readonly inputs: readonly NamedTensor[];
  /** Outputs with their labels. */
  readonly outputs: readonly LabelledOutput[];
  /** Weights of the outputs that have some. */
  readonly weights: readonly SampleWeights[];
}

/** The tensors of rows in the order in which a graph takes them: inputs, labels, weights. */
export const tensorsOf = ({ inputs, outputs, weights }: LabelledData): NamedTensor[] => [
  ...inputs,
  ...outputs.map(({ label }) => label),
  ...weights.map((of) => of.weights),
];

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
  const { outputs: all } = network.graph;
  const { outputNames } = network;
  const { losses } = compiled;
  const labelled = labelledOf(compiled, y, outputNames);
  const names = labelled.map((i) => outputNames[i] as string);
  const untyped = names.map(() => undefined);
  const isNone = names.length === 0;
  if (isNone && y !== undefined && y !== null)
    throw argumentError(`${prefix}y`, 'null, since the model is compiled without a loss', y);
  const labels = isNone
    ? []
    : yield* byName(`${prefix}y`, ofLabelled(y, outputNames, labelled), names, untyped);
  // Of a step of one's own there may be none.
  if (like && like.length !== labels.length)
    throw argumentError('validation y', like.length === 0 ? 'null, as y is' : 'labels, as y has them', y);
  const outputs: LabelledOutput[] = [];
  for (const [i, label] of labels.entries()) {
    const output = labelled[i] as number;
    const { shape } = all[output] as SymbolicTensor;
    const same = like ? yield* alike(label, like[i] as LabelSpec) : label;
    const axis = losses[output]?.axis ?? -1;
    const check = checkOf(losses[output], label.name, shape.at(axis) ?? null);
    outputs.push({ output, name: names[i] as string, label: { ...same, check }, shape, axis });
  }
  const checked = outputs.map(({ label }) => label);
  rowsOf([...inputs, ...checked]);
  let { sampleWeight } = given;
  if (given.classWeight !== undefined) {
    for (const label of checked) yield* expectClasses(label);
    sampleWeight = yield* classWeights(
      labelled.map((i) => all[i] as SymbolicTensor),
      checked,
      outputs[0]?.axis ?? -1,
      given,
    );
  }
  const weights =
    sampleWeight === undefined ? [] : yield* sampleWeights(`${prefix}sampleWeight`, sampleWeight, outputs);
  const specs = outputs.map(({ output, shape, label: { tensor: t } }) => {
    return { output, shape: t.shape.map((d, axis) => (shape[axis] === null ? null : d)), dtype: t.dtype };
  });
  return { inputs, outputs, labels: specs, weights };
}

/** What rows look like that nobody gave yet: labels as the losses expect them, none weighted. */
export function expectedRows(network: Network, { losses, labelled }: Compiled): RowsSpec {
  const labels = labelled.map((output): LabelSpec => {
    const { shape } = network.graph.outputs[output] as SymbolicTensor;
    const { sparse = false, axis = -1 } = losses[output] ?? {};
    const at = axis < 0 ? axis + shape.length : axis;
    return sparse && shape.length > 1
      ? { output, shape: shape.filter((_, i) => i !== at), dtype: 'int32' }
      : { output, shape, dtype: 'float32' };
  });
  return { labels, weights: [] };
}

/** Outputs that have labels; a step of one's own may be given some that no loss asks for: of the first, or of all outputs. */
function labelledOf(
  { labelled, trainStep }: Compiled,
  y: unknown,
  names: readonly string[],
): readonly number[] {
  if (labelled.length > 0 || !trainStep || y === undefined || y === null) return labelled;
  const isList = Array.isArray(y) && y.length === names.length && y.every((of) => typeof of === 'object');
  return names.length > 1 && (isList || isPlain(y)) ? [...names.keys()] : [0];
}

/** Labels in a list for all outputs, without those that nothing is measured at. */
function ofLabelled(y: DataInput, names: readonly string[], labelled: readonly number[]): DataInput {
  if (labelled.length === names.length || !Array.isArray(y) || y.length !== names.length) return y;
  const list = labelled.map((i) => y[i] as TensorInput);
  return labelled.length === 1 ? (list[0] as TensorInput) : list;
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
  return { rows, data: yield* UploadedData.of(tensorsOf(rows)) };
}

/** Looks at labels at once, before classes are made of them. */
function* expectClasses({ tensor: t, check }: NamedTensor): Work<void> {
  if (!check) return;
  const wrong = yield* find(t.elements, (x) => !check.fits(x) && Number.isFinite(x));
  if (wrong !== undefined) throw check.fault(wrong);
}

/** What the labels called `name` must be for a loss. */
function checkOf(loss: Loss | undefined, name: string, classes: number | null): ElementCheck | undefined {
  if (loss?.sparse && classes !== null) {
    const ignored = loss.ignoredClass;
    const orIgnored = ignored === undefined ? '' : ` or ${ignored}`;
    return {
      fits: (x) => (Number.isInteger(x) && x >= 0 && x < classes) || x === ignored,
      fault: (x) => argumentError(name, `class indices in [0, ${classes})${orIgnored}`, x),
    };
  }
  if (!loss?.probabilities) return undefined;
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
    const piece = given.elements.subarray(from, from + PIECE);
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
