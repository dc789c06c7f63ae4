/**
 * Sample weights: how much each row, or each position of a row, of an output counts.
 */
import { isPlain, unknownName } from '../core/check.js';
import type { DataInput } from '../core/data-input.js';
import { numbersOf } from '../core/elements.js';
import type { Shape } from '../core/symbolic.js';
import { shapeText, Tensor, type TensorInput } from '../core/tensor.js';
import type { Work } from '../core/turns.js';
import { RidgelineError } from '../errors.js';
import { byName, type NamedTensor } from './input-data.js';

/** An output with labels: where it stands, its name, and the labels. */
export interface LabelledOutput {
  readonly output: number;
  readonly name: string;
  readonly label: NamedTensor;
  /** Sizes of what the output gives. */
  readonly shape: Shape;
  /** The axis of it that its loss takes together. */
  readonly axis: number;
}

/** Sizes of the values that the loss of an output gives, at most: rows, and positions. */
function valuesOf<T>(sizes: readonly T[], { shape, axis }: LabelledOutput): T[] {
  const rank = shape.length;
  const at = axis < 0 ? axis + rank : axis;
  // Class indices lack the axis already, and rows are there whatever a loss takes together.
  const values = sizes.length < rank ? [...sizes] : sizes.filter((_, i) => i !== at || i === 0);
  return values.length > 1 ? values.slice(0, Math.max(1, rank - 1)) : values;
}

/** Weights as they will be fed. */
export interface WeightSpec {
  /** The outputs that they are for. */
  readonly outputs: readonly number[];
  /** Sizes after the rows; `null` where that of the output is unknown. */
  readonly positions: Shape;
}

/** Weights, and what they are for. */
export interface SampleWeights extends WeightSpec {
  readonly weights: NamedTensor;
}

/**
 * What was given as `argument`: weights for all of `outputs`, or for each in a list or by name, where what is left out
 * weighs one.
 * @throws {RidgelineError} `ERR_ARGUMENT` for a name that no output has, `ERR_SHAPE` for weights that are neither of
 *   rows nor of the positions of labels, by their name.
 */
export function* sampleWeights(
  argument: string,
  given: DataInput,
  outputs: readonly LabelledOutput[],
): Work<SampleWeights[]> {
  const found: SampleWeights[] = [];
  for (const { name, value, of } of parts(argument, given, outputs)) {
    const [given] = (yield* byName(name, value, [name], ['float32'])) as [NamedTensor];
    const weights = of[0] ? narrowed(given, valuesOf(of[0].label.tensor.shape, of[0])) : given;
    for (const one of of) checkShape(weights, one);
    const [first] = of;
    const sizes = first ? valuesOf(first.shape, first) : [];
    const positions = weights.tensor.shape.slice(1).map((d, i) => (sizes[i + 1] === null ? null : d));
    found.push({ outputs: of.map(({ output }) => output), positions, weights });
  }
  return found;
}

interface Part {
  readonly name: string;
  readonly value: TensorInput;
  readonly of: readonly LabelledOutput[];
}

function parts(argument: string, given: DataInput, outputs: readonly LabelledOutput[]): Part[] {
  const single = (value: unknown, key: string, of: LabelledOutput | undefined): Part[] =>
    value === undefined || value === null || !of
      ? []
      : [{ name: `${argument}.${key}`, value: value as TensorInput, of: [of] }];
  if (isPlain(given)) {
    const names = outputs.map(({ name }) => name);
    const unknown = Object.keys(given).find((key) => !names.includes(key));
    if (unknown !== undefined) throw unknownName(`key of ${argument}`, names, unknown);
    return Object.entries(given).flatMap(([key, value]) => single(value, key, outputs[names.indexOf(key)]));
  }
  const isList = Array.isArray(given) && given.length === outputs.length && outputs.length > 1;
  // Numbers are weights of rows, even if there are as many as outputs.
  if (isList && given.every((of) => typeof of !== 'number' && typeof of !== 'boolean'))
    return given.flatMap((value, i) => single(value, outputs[i]?.name ?? '', outputs[i]));
  return [{ name: argument, value: given as TensorInput, of: outputs }];
}

/** Weights without last axes of one that values do not have, such as a column for rows, as Keras takes them too. */
function narrowed({ name, tensor }: NamedTensor, values: Shape): NamedTensor {
  const isSpare = (rank: number): boolean =>
    rank > 1 && tensor.shape[rank - 1] === 1 && (rank > values.length || values[rank - 1] !== 1);
  let { rank } = tensor;
  while (isSpare(rank)) rank--;
  return { name, tensor: rank === tensor.rank ? tensor : tensor.reshape(tensor.shape.slice(0, rank)) };
}

function checkShape({ name, tensor: { shape } }: NamedTensor, of: LabelledOutput): void {
  const values = valuesOf(of.label.tensor.shape, of);
  const fits = shape.length > 0 && shape.length <= values.length && shape.every((d, i) => d === values[i]);
  if (fits) return;
  const expected = [values.slice(0, 1), ...(values.length > 1 ? [values] : [])];
  throw new RidgelineError(
    'ERR_SHAPE',
    `${name} must have shape ${expected.map(shapeText).join(' or ')}, received ${shapeText(shape)}`,
    { argument: 'sampleWeight' },
  );
}

/** What a side of training and validation has: outputs, and weights for some of them. */
interface Side {
  readonly outputs: readonly LabelledOutput[];
  readonly weights: readonly SampleWeights[];
}

/** Both sides with weights for the same outputs, in the same form: ones where only the other side has some. */
export function alikeWeights(a: Side, b: Side): [readonly SampleWeights[], readonly SampleWeights[]] {
  const form = ({ weights }: Side): string =>
    JSON.stringify(weights.map((w) => [w.outputs, w.positions.length]));
  if (form(a) === form(b)) return [a.weights, b.weights];
  const of = ({ weights }: Side, output: number): SampleWeights | undefined =>
    weights.find(({ outputs }) => outputs.includes(output));
  const side = (own: Side, other: Side): SampleWeights[] =>
    own.outputs.flatMap((one) => {
      const [mine, theirs] = [of(own, one.output), of(other, one.output)];
      if (mine && theirs && mine.positions.length < theirs.positions.length)
        return spread(mine, one, theirs.positions);
      if (mine) return { ...mine, outputs: [one.output] };
      return theirs ? ones(one, theirs.positions) : [];
    });
  return [side(a, b), side(b, a)];
}

/** Weights of rows, as those of all their positions. */
function spread(
  { weights: { name, tensor } }: SampleWeights,
  of: LabelledOutput,
  positions: Shape,
): SampleWeights {
  return filled(name, of, positions, (place, size) => {
    return tensor.data[Math.floor((place * tensor.size) / size)] as number;
  });
}

/** Weights of one. */
export const ones = (of: LabelledOutput, positions: Shape): SampleWeights =>
  filled('sampleWeight', of, positions, () => 1);

/** Weights of an output by their places among all of them. */
function filled(
  name: string,
  of: LabelledOutput,
  positions: Shape,
  weight: (place: number, size: number) => number,
): SampleWeights {
  const { output, label } = of;
  const shape = valuesOf(label.tensor.shape, of).slice(0, positions.length + 1);
  const size = shape.reduce((a, b) => a * b, 1);
  const data = numbersOf('float32', size, (place) => weight(place, size));
  return { outputs: [output], positions, weights: { name, tensor: new Tensor(data, shape, 'float32') } };
}
