/**
 * Labelled rows: what users pass to `fit` and `evaluate`, checked against the model, weighted, and split.
 */
import { nonNegative } from '../core/check.js';
import { shapeText, Tensor, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { byName, type DataInput, fitInputs, type NamedTensor, rowsOf, Uploaded } from './batches.js';
import type { FitOptions, Weighting } from './fit-options.js';
import type { Model } from './model.js';
import type { LabelSpec } from './objective.js';

/** Rows ready to be fed, and what they look like. */
export interface LabelledRows {
  readonly data: NamedTensor[];
  readonly labels: LabelSpec[];
  readonly weighted: boolean;
}

/**
 * Checks data against a model: inputs, labels, and weights if there are any.
 *
 * @param like - Labels of the training data, whose form validation labels take.
 * @throws {RidgelineError} `ERR_SHAPE`, `ERR_DTYPE` or `ERR_ARGUMENT` naming what does not fit.
 */
export function labelled(
  model: Model,
  where: 'fit' | 'validation',
  x: DataInput,
  y: DataInput,
  given: Weighting,
  like?: readonly LabelSpec[],
): LabelledRows {
  if (!model.built) model.ready(byName('x', x, ['x'], [undefined])[0]?.tensor.shape ?? []);
  const prefix = where === 'fit' ? '' : `${where} `;
  const inputs = fitInputs(
    byName(
      `${prefix}x`,
      x,
      model.inputNames,
      model.inputs.map((t) => t.dtype),
    ),
    model.inputs,
  );
  const named = byName(
    `${prefix}y`,
    y,
    model.outputNames,
    model.outputNames.map(() => undefined),
  );
  const labels = named.map((label, i) => (like ? alike(label, like[i] as LabelSpec) : label));
  const data = [...inputs, ...labels];
  const rows = rowsOf(data);
  model.compiled.losses.forEach((loss, i) => {
    if (loss.sparse) checkIndices(labels[i] as NamedTensor, model.outputs[i]?.shape.at(-1) ?? null);
  });
  const sampleWeight =
    given.classWeight === undefined ? given.sampleWeight : classWeights(model, labels, given);
  if (sampleWeight !== undefined) {
    const weight = tensor(sampleWeight, { dtype: 'float32' });
    if (weight.rank !== 1 || weight.shape[0] !== rows) {
      throw new RidgelineError(
        'ERR_SHAPE',
        `${prefix}sampleWeight must have shape [${rows}], received [${weight.shape.join(', ')}]`,
        {
          argument: 'sampleWeight',
        },
      );
    }
    data.push({ name: `${prefix}sampleWeight`, tensor: weight });
  }
  const specs = labels.map(({ tensor: t }) => ({ shape: t.shape, dtype: t.dtype }));
  return { data, labels: specs, weighted: sampleWeight !== undefined };
}

/**
 * Copies training and validation data into native memory; the latter is given, or the tail of the former.
 *
 * @param share - Share of the rows to hold out.
 */
export function upload(
  model: Model,
  all: LabelledRows,
  options: FitOptions,
  share: number,
): { training: LabelledRows; data: Uploaded; validation: Uploaded } {
  if (options.validationData !== undefined) {
    const given = options.validationData;
    if (!Array.isArray(given) || given.length < 2 || given.length > 3) {
      throw argumentError('validationData', '[x, y] or [x, y, sampleWeight]', given);
    }
    const [x, y, sampleWeight] = given as readonly [DataInput, DataInput, TensorInput];
    const rows = labelled(model, 'validation', x, y, { sampleWeight }, all.labels);
    // Programs are shared: where one side has weights, the rows of the other weigh one.
    const [training, held] =
      all.weighted === rows.weighted ? [all, rows] : [withWeights(all), withWeights(rows)];
    return { training, data: Uploaded.of(training.data), validation: Uploaded.of(held.data) };
  }
  if (share === 0) return { training: all, data: Uploaded.of(all.data), validation: Uploaded.of([]) };
  const rows = all.data[0]?.tensor.shape[0] as number;
  const cut = Math.floor(rows * (1 - share));
  if (cut === 0 || cut === rows) {
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `validationSplit ${share} of ${rows} rows leaves ${cut} to train on and ${rows - cut} to validate on`,
      {
        argument: 'validationSplit',
        received: share,
      },
    );
  }
  const whole = Uploaded.of(all.data);
  try {
    // Class weights are for training alone.
    const weights = options.classWeight === undefined ? undefined : Uploaded.of([ones(rows - cut)]);
    const validation = whole.rows(cut, rows, weights);
    return { training: all, data: whole.rows(0, cut), validation };
  } finally {
    whole.release();
  }
}

/** Sample weights of one. */
function ones(rows: number): NamedTensor {
  return { name: 'sampleWeight', tensor: new Tensor(new Float32Array(rows).fill(1), [rows], 'float32') };
}

/** The rows with sample weights, of one unless they have some. */
function withWeights(rows: LabelledRows): LabelledRows {
  if (rows.weighted) return rows;
  return { ...rows, data: [...rows.data, ones(rows.data[0]?.tensor.shape[0] as number)], weighted: true };
}

function checkIndices(labels: NamedTensor, classes: number | null): void {
  if (classes === null) return;
  const bad = labels.tensor.data.find((x: number) => !Number.isInteger(x) || x < 0 || x >= classes);
  if (bad !== undefined && Number.isFinite(bad)) {
    throw argumentError(labels.name, `class indices in [0, ${classes})`, bad);
  }
}

/** A validation label in the form of the training label, since they share programs. */
function alike({ name, tensor: given }: NamedTensor, like: LabelSpec): NamedTensor {
  const columns = (shape: readonly number[]): string =>
    shapeText(shape.at(-1) === 1 ? shape.slice(1, -1) : shape.slice(1));
  if (columns(given.shape) !== columns(like.shape)) {
    throw shapeError(name, shapeText([null, ...like.shape.slice(1)]), shapeText(given.shape));
  }
  const same = tensor(given, { dtype: like.dtype });
  if (same.data.some((value: number, i: number) => value !== given.data[i])) {
    throw new RidgelineError('ERR_DTYPE', `${name} must be ${like.dtype} as y is, received ${given.dtype}`, {
      argument: name,
    });
  }
  return { name, tensor: same.reshape([given.shape[0] ?? 0, ...like.shape.slice(1)]) };
}

/** Sample weights that class weights stand for. */
function classWeights(
  model: Model,
  labels: readonly NamedTensor[],
  { sampleWeight, classWeight }: Weighting,
): TensorInput {
  if (sampleWeight !== undefined) {
    throw new RidgelineError('ERR_ARGUMENT', 'classWeight and sampleWeight cannot both be given', {
      argument: 'classWeight',
    });
  }
  if (typeof classWeight !== 'object' || classWeight === null || Array.isArray(classWeight)) {
    throw argumentError('classWeight', 'an object from class index to weight', classWeight);
  }
  for (const [name, weight] of Object.entries(classWeight)) {
    if (!/^\d+$/.test(name)) throw argumentError('classWeight', 'class indices as keys', name);
    nonNegative(`classWeight[${name}]`, weight);
  }
  const [label, ...others] = labels as readonly [NamedTensor];
  if (others.length > 0) {
    throw new RidgelineError('ERR_ARGUMENT', `classWeight needs one output, the model has ${labels.length}`, {
      argument: 'classWeight',
    });
  }
  // A single output column tells two classes apart.
  const columns = model.outputs[0]?.shape.at(-1) ?? null;
  const count = columns === 1 ? 2 : (columns ?? Number.POSITIVE_INFINITY);
  const beyond = Object.keys(classWeight).find((name) => Number(name) >= count);
  if (beyond !== undefined) throw argumentError('classWeight', `classes below ${count}`, beyond);
  const t = label.tensor;
  const classes = t.rank > 1 && (t.shape[1] as number) > 1 ? t.argMax(1).data : t.data;
  const fraction = classes.find((c: number) => !Number.isInteger(c));
  if (fraction !== undefined) throw argumentError(label.name, 'classes, to be weighted by class', fraction);
  return Float32Array.from(classes, (c) => classWeight[c as number] ?? 1);
}
