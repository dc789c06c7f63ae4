/**
 * Class weights: how much the rows of a class count, in the form of sample weights.
 */
import { isPlain, nonNegative } from '../core/check.js';
import { zeros } from '../core/elements.js';
import type { SymbolicTensor } from '../core/symbolic.js';
import { Tensor } from '../core/tensor.js';
import { PIECE, type Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Weighting } from './fit-options.js';
import type { NamedTensor } from './input-data.js';

/**
 * The sample weights that class weights stand for: of each row, or of each position where an output has several, the
 * weight of its class, 1 unless given.
 * @param axis - That of the classes in the output.
 * @throws {RidgelineError} `ERR_ARGUMENT` for weights that are no numbers by class, for labels that are no classes, and
 *   beside `sampleWeight`.
 */
export function* classWeights(
  outputs: readonly SymbolicTensor[],
  labels: readonly NamedTensor[],
  axis: number,
  { sampleWeight, classWeight }: Weighting,
): Work<Tensor> {
  if (sampleWeight !== undefined) {
    throw new RidgelineError('ERR_ARGUMENT', 'classWeight and sampleWeight cannot both be given', {
      argument: 'classWeight',
    });
  }
  if (!isPlain(classWeight))
    throw argumentError('classWeight', 'an object from class index to weight', classWeight);
  for (const [name, weight] of Object.entries(classWeight)) {
    if (!/^(0|[1-9]\d*)$/.test(name)) throw argumentError('classWeight', 'class indices as keys', name);
    nonNegative(`classWeight[${name}]`, weight);
  }
  const [label, ...others] = labels as readonly [NamedTensor];
  if (others.length > 0) {
    throw new RidgelineError('ERR_ARGUMENT', `classWeight needs one output, the model has ${labels.length}`, {
      argument: 'classWeight',
    });
  }
  const output = outputs[0] as SymbolicTensor;
  // A single output column tells two classes apart.
  const columns = output.shape.at(axis) ?? null;
  const count = columns === 1 ? 2 : (columns ?? Number.POSITIVE_INFINITY);
  const beyond = Object.keys(classWeight).find((name) => Number(name) >= count);
  if (beyond !== undefined) throw argumentError('classWeight', `classes below ${count}`, beyond);
  const t = label.tensor;
  // One-hot labels have an axis of classes, and others may have one of size 1.
  const hasAxis = t.rank > 1 && t.rank >= output.rank;
  const at = axis < 0 ? axis + t.rank : axis;
  const shape = hasAxis ? t.shape.filter((_, i) => i !== at) : t.shape;
  const rows = t.shape[0] as number;
  const each = shape.slice(1).reduce((a, b) => a * b, 1);
  const weights = zeros('float32', rows * each);
  const piece = Math.max(1, Math.floor((PIECE * rows) / Math.max(1, t.size)));
  for (let from = 0; from < rows; from += piece) {
    const part = t.rows(from, Math.min(from + piece, rows));
    const classes = hasAxis && (t.shape.at(axis) as number) > 1 ? part.argMax(axis).data : part.elements;
    for (const [i, c] of classes.entries()) {
      if (!Number.isInteger(c)) throw argumentError(label.name, 'classes, to be weighted by class', c);
      weights[from * each + i] = classWeight[c] ?? 1;
    }
    yield;
  }
  return new Tensor(weights, shape, 'float32');
}
