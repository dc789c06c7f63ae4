/**
 * Validation data: given, or the tail of the training data, in the form of the training data since they share programs.
 */
import { isBatchSource } from '../core/batches.js';
import type { DataInput } from '../core/data-input.js';
import type { Work } from '../core/turns.js';
import { argumentError, RidgelineError } from '../errors.js';
import { fixedBatch } from './batch-size.js';
import type { Compiled } from './compilation.js';
import type { FitOptions } from './fit-options.js';
import { type LabelledData, labelledData, tensorsOf } from './labelled-data.js';
import type { Network } from './network.js';
import { alikeWeights, ones } from './sample-weights.js';
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
  if (options.validationData !== undefined && !isBatchSource(options.validationData)) {
    const [heldX, heldY, sampleWeight] = validationPair(options.validationData);
    const held = yield* labelledData(network, compiled, heldX, heldY, { sampleWeight }, rows.labels);
    return yield* uploadBoth(rows, held);
  }
  if (share > 0) return yield* uploadSplit(network, rows, share, options.classWeight !== undefined);
  return { rows, training: yield* UploadedData.of(tensorsOf(rows)), validation: UploadedData.none() };
}

/**
 * Validation data as it was given.
 * @throws {RidgelineError} `ERR_ARGUMENT` for anything but two or three things.
 */
export function validationPair(given: unknown): [DataInput, DataInput, DataInput | undefined] {
  if (Array.isArray(given) && (given.length === 2 || given.length === 3))
    return given as [DataInput, DataInput, DataInput | undefined];
  throw argumentError('validationData', '[x, y] or [x, y, sampleWeight]', given);
}

function* uploadBoth(rows: LabelledData, held: LabelledData): Work<FitData> {
  const [weights, heldWeights] = alikeWeights(rows, held);
  const [fed, validated] = [
    { ...rows, weights },
    { ...held, weights: heldWeights },
  ];
  return yield* uploaded(fed, UploadedData.of(tensorsOf(fed)), () => UploadedData.of(tensorsOf(validated)));
}

function* uploadSplit(network: Network, rows: LabelledData, share: number, byClass: boolean): Work<FitData> {
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
  const batch = fixedBatch(network);
  if (batch && (cut % batch !== 0 || count % batch !== 0)) {
    const message = `validationSplit ${share} of ${count} rows leaves ${cut} to train on, which are not whole batches of ${batch}`;
    throw new RidgelineError('ERR_ARGUMENT', message, { argument: 'validationSplit', received: share });
  }
  // Class weights are for training alone.
  const [[first], [weighted]] = [rows.outputs, rows.weights];
  const held = byClass && first && weighted ? { ...rows, weights: [ones(first, weighted.positions)] } : rows;
  return yield* uploaded(rows, UploadedData.of(tensorsOf(rows), 0, cut), () =>
    UploadedData.of(tensorsOf(held), cut),
  );
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

function rowsIn({ inputs: [first] }: LabelledData): number {
  return first?.tensor.shape[0] as number;
}
