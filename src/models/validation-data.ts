/**
 * Validation data: given, or the tail of the training data, in the form of the training data since they share programs.
 */
import type { DataInput } from '../core/data-input.js';
import { Tensor, type TensorInput } from '../core/tensor.js';
import type { Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import type { Compiled } from './compilation.js';
import type { FitOptions } from './fit-options.js';
import type { NamedTensor } from './input-data.js';
import { type LabelledData, labelledData } from './labelled-data.js';
import type { Network } from './network.js';
import { UploadedData } from './uploaded-data.js';

/** Data of a fit in native memory, and what the rows to train on look like. */
export interface FitData {
  readonly rows: LabelledData;
  readonly training: UploadedData;
  /** No handles when nothing is held out. */
  readonly validation: UploadedData;
}

/**
 * Copies the rows to train on and those to validate on into native memory.
 *
 * @param share - Share of the rows to hold out, where no validation data is given.
 * @throws {RidgelineError} What is wrong with the validation data, `ERR_ARGUMENT` for a share that leaves no rows,
 *   `ERR_NON_FINITE`, `ERR_MEMORY`.
 */
export function* uploadFitData(
  network: Network,
  compiled: Compiled,
  x: DataInput,
  y: DataInput,
  options: FitOptions,
  share: number,
): Work<FitData> {
  const rows = yield* labelledData(network, compiled, x, y, options);
  if (options.validationData !== undefined) {
    const [heldX, heldY, sampleWeight] = validationPair(options.validationData);
    const held = yield* labelledData(network, compiled, heldX, heldY, { sampleWeight }, rows.labels);
    return yield* uploadBoth(rows, held);
  }
  if (share > 0) return yield* uploadSplit(rows, share, options.classWeight !== undefined);
  return { rows, training: yield* UploadedData.of(rows.data), validation: UploadedData.none() };
}

/**
 * Validation data as it was given.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but two or three things.
 */
export function validationPair(given: unknown): [DataInput, DataInput, TensorInput | undefined] {
  if (Array.isArray(given) && (given.length === 2 || given.length === 3))
    return given as [DataInput, DataInput, TensorInput | undefined];
  throw argumentError('validationData', '[x, y] or [x, y, sampleWeight]', given);
}

function* uploadBoth(rows: LabelledData, held: LabelledData): Work<FitData> {
  // Where one side has weights, the rows of the other weigh one.
  const [fed, validated] =
    rows.weighted === held.weighted ? [rows, held] : [withWeights(rows), withWeights(held)];
  return yield* uploaded(fed, UploadedData.of(fed.data), () => UploadedData.of(validated.data));
}

function* uploadSplit(rows: LabelledData, share: number, byClass: boolean): Work<FitData> {
  const count = rowsIn(rows);
  const cut = Math.floor(count * (1 - share));
  if (cut === 0 || cut === count) {
    throw new RidgelineError(
      'ERR_ARGUMENT',
      `validationSplit ${share} of ${count} rows leaves ${cut} to train on and ${count - cut} to validate on`,
      {
        argument: 'validationSplit',
        received: share,
      },
    );
  }
  return yield* uploaded(rows, UploadedData.of(rows.data, 0, cut), function* () {
    if (!byClass) return yield* UploadedData.of(rows.data, cut);
    // Class weights are for training alone.
    const held = yield* UploadedData.of(rows.data.slice(0, -1), cut);
    return held.with(yield* UploadedData.of([ones(count - cut)]));
  });
}

/** Both sides, or none in native memory. */
function* uploaded(
  rows: LabelledData,
  first: Work<UploadedData>,
  second: () => Work<UploadedData>,
): Work<FitData> {
  const training = yield* first;
  try {
    return { rows, training, validation: yield* second() };
  } catch (error) {
    training.release();
    throw error;
  }
}

function rowsIn({ data: [first] }: LabelledData): number {
  return first?.tensor.shape[0] as number;
}

/** Sample weights of one. */
function ones(rows: number): NamedTensor {
  return { name: 'sampleWeight', tensor: new Tensor(new Float32Array(rows).fill(1), [rows], 'float32') };
}

/** The rows with sample weights, of one unless they have some. */
function withWeights(rows: LabelledData): LabelledData {
  if (rows.weighted) return rows;
  return { ...rows, data: [...rows.data, ones(rowsIn(rows))], weighted: true };
}
