/**
 * Names of classes, kept in a model: in its file, in the ONNX file, and for what it predicts.
 */
import { isPlain, isWellFormed } from '../core/check.js';
import type { Tensor } from '../core/tensor.js';
import { argumentError, show } from '../errors.js';
import type { Network } from './network.js';

/** A name for each class: of the only output, or of some outputs by their names. */
export type ClassLabels = readonly string[] | Readonly<Record<string, readonly string[]>>;

/** What a prediction says in names: texts as the rows and positions stand. */
export type Labelled = string | Labelled[];

/** Names of an output's classes. */
export interface OutputLabels {
  /** Index of the output. */
  readonly output: number;
  readonly labels: string[];
}

/** Where a single number speaks for the second of two classes. */
const HALF = 0.5;

function list(argument: string, given: unknown): readonly string[] {
  const isText = (text: unknown): boolean => typeof text === 'string' && text !== '' && isWellFormed(text);
  const fits = Array.isArray(given) && given.length >= 2 && Array.from(given).every(isText);
  if (fits && new Set(given).size === given.length) return Object.freeze([...given]);
  throw argumentError(argument, 'a list of at least two different names', given);
}

/**
 * A copy of names that were given, which may still fit no output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but lists of at least two different strings.
 */
export function readClassLabels(given: unknown): ClassLabels | undefined {
  if (given === undefined || given === null) return undefined;
  if (!isPlain(given)) return list('classLabels', given);
  const entries = Object.entries(given as Record<string, unknown>);
  return Object.freeze(
    Object.fromEntries(entries.map(([name, of]) => [name, list(`classLabels of '${name}'`, of)])),
  );
}

/**
 * The names for each output that has some.
 * @throws {RidgelineError} `ERR_ARGUMENT` where there are not as many as the output has classes, or two for one number.
 */
export function labelsOf(network: Network, given: ClassLabels | undefined): OutputLabels[] {
  if (given === undefined) return [];
  const { outputNames } = network;
  const named = Array.isArray(given) ? { [outputNames[0] as string]: given } : given;
  const unknown = Object.keys(named).find((name) => !outputNames.includes(name));
  if (unknown !== undefined || (Array.isArray(given) && outputNames.length > 1))
    throw argumentError('classLabels', `names of classes of ${outputNames.join(', ')}`, unknown ?? given);
  return Object.entries(named).map(([name, labels]) => {
    const output = outputNames.indexOf(name);
    const { shape } = network.graph.outputs[output] as { shape: readonly (number | null)[] };
    const classes = shape.length < 2 ? 0 : shape.at(-1);
    const expected = classes === 1 ? 2 : classes;
    if (labels.length !== expected)
      throw argumentError('classLabels', `${expected} names for output '${name}' of ${show(shape)}`, labels);
    return { output, labels: [...labels] };
  });
}

/**
 * What the predictions `[rows, …, classes]` say in names, at the first output that has some.
 * @throws {RidgelineError} `ERR_ARGUMENT` where none has.
 */
export function inLabels(
  network: Network & { readonly classLabels: ClassLabels | undefined },
  predictions: readonly Tensor[],
): Labelled[] {
  const [of] = labelsOf(network, network.classLabels);
  if (!of) throw argumentError('classLabels', 'names of the classes: model.classLabels = […]', undefined);
  const { labels } = of;
  const prediction = predictions[of.output] as Tensor;
  const width = prediction.shape.at(-1) as number;
  const classes =
    width === 1
      ? Array.from(prediction.data, (p) => (Number(p) > HALF ? 1 : 0))
      : Array.from(prediction.argMax().data, Number);
  let nested: Labelled[] = classes.map((at) => labels[at] as string);
  for (const size of prediction.shape.slice(1, -1).reverse()) {
    const rows: Labelled[] = [];
    for (let at = 0; at < nested.length; at += size) rows.push(nested.slice(at, at + size));
    nested = rows;
  }
  return nested;
}
