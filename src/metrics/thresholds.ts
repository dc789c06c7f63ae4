/**
 * Counts of right and wrong answers at thresholds, as Keras takes them: yes is a prediction strictly above.
 */
import type { SymbolicTensor } from '../core/symbolic.js';
import { shapeText, Tensor, tensor } from '../core/tensor.js';
import { Trace } from '../core/trace.js';
import { argumentError, shapeError } from '../errors.js';
import { align, float } from '../losses/labels.js';
import { weightsLike } from '../losses/reduction.js';
import * as ops from '../ops/index.js';
import { type Increments, quotient, type Sums } from './metric.js';

/** Where predictions become a yes. */
export interface Thresholds {
  /** Ascending, or in the order that results are to have. */
  readonly at: readonly number[];
  /** Predictions are held inside [0, 1] and multiplied by this before they are compared. */
  readonly scale?: number;
}

/** The thresholds `i / (count − 1)`, compared as Keras does, so that ties fall alike. */
export function evenly(count: number): Thresholds {
  if (count > MOST) throw argumentError('numThresholds', `at most ${MOST}`, count);
  return { at: Array.from({ length: count }, (_, i) => i), scale: count - 1 };
}

/** The most thresholds that counts are kept for. */
const MOST = 2 ** 20;

/** Which of the predictions are looked at, and how much those of a label count. */
export interface Selection {
  readonly classId?: number | undefined;
  readonly topK?: number | undefined;
  readonly labelWeights?: readonly number[] | undefined;
}

/** Thresholds up to which each prediction is compared with all. */
const FEW = 8;

/** What stands for "not among the largest". */
const NEVER = -1e10;

/** Labels, predictions and weights of one shape, those of a class or of the largest predictions alone. */
function selected(
  yTrue: SymbolicTensor,
  yPred: SymbolicTensor,
  weight: SymbolicTensor | undefined,
  { classId, topK, labelWeights }: Selection,
): [y: SymbolicTensor, p: SymbolicTensor, weights: SymbolicTensor] {
  const one = (x: SymbolicTensor): SymbolicTensor =>
    classId === undefined ? x : ops.slice(x, classId, 1, -1);
  const classes = yPred.shape.at(-1) ?? 0;
  if (classId !== undefined && (yPred.rank < 2 || classId >= classes))
    throw argumentError('classId', `a class of predictions ${shapeText(yPred.shape)}`, classId);
  const p = one(topK === undefined ? yPred : ops.where(amongLargest(yPred, topK), yPred, NEVER));
  const y = one(ops.cast(ops.notEqual(align(float(yTrue), yPred), 0), 'float32'));
  const weights = weightsLike(weight, p);
  if (!labelWeights) return [y, p, weights];
  return [
    y,
    p,
    ops.mul(weights, new Tensor(Float32Array.from(labelWeights), [labelWeights.length], 'float32')),
  ];
}

/** True for the `k` largest of each row, of equals the first. */
function amongLargest(p: SymbolicTensor, k: number): SymbolicTensor {
  const size = p.shape.at(-1);
  if (size === null || size === undefined)
    throw shapeError('yPred', 'a known number of classes', shapeText(p.shape));
  const [, largest] = ops.topK(p, Math.min(k, size));
  return ops.greater(ops.max(ops.oneHot(largest, size), { axis: -2 }), 0);
}

/** Which predictions are above which thresholds: `[…, thresholds]` of 0 and 1. */
function above(p: SymbolicTensor, { at, scale }: Thresholds): SymbolicTensor {
  const last = ops.reshape(scale === undefined ? p : ops.mul(ops.clip(p, 0, 1), scale), [...p.shape, 1]);
  return ops.cast(ops.greater(last, new Tensor(Float32Array.from(at), [at.length], 'float32')), 'float32');
}

/**
 * The sums of each of `of`, `[batch, labels]`, over predictions above thresholds `i` that are evenly spaced:
 * `[labels, thresholds]`. Predictions are counted by the threshold that they come up to, and the counts added up from the
 * largest, which does not compare each with all.
 */
function byBuckets(
  of: readonly SymbolicTensor[],
  p: SymbolicTensor,
  { at, scale }: Required<Thresholds>,
): SymbolicTensor[] {
  const trace = Trace.running;
  const [count, labels] = [at.length, p.shape[1] as number];
  const scaled = ops.mul(ops.clip(p, 0, 1), scale);
  // One that is no number is above none.
  const known = ops.where(ops.greaterEqual(scaled, 0), scaled, 0);
  const reached = ops.neg(ops.floor(ops.neg(known)));
  // The first threshold may be below 0, and then below all.
  const bucket = ops.sub(count - 1, at[0] === 0 ? reached : ops.maximum(reached, 1));
  const starts = tensor(Float32Array.from({ length: labels }, (_, label) => label * count));
  const segment = ops.cast(ops.reshape(ops.add(bucket, starts), [-1]), 'int32');
  // From the largest, the sums that reach threshold i + 1; none reaches one behind the last.
  const order = tensor(
    Int32Array.from({ length: count }, (_, i) => (i === count - 1 ? count : count - 2 - i)),
  );
  return of.map((each) => {
    const values = ops.reshape(each, [-1]);
    const [sums] = trace.emit('scatterAdd', [values, segment], { shape: [labels * count] });
    const reaching = ops.cumsum(ops.reshape(sums, [labels, count]));
    const none = ops.mul(ops.slice(reaching, 0, 1, 1), 0);
    return ops.gather(ops.concat([reaching, none]), order, 1);
  });
}

/** The sums of each of `of`, `[batch, labels]`, over predictions above thresholds: `[labels, thresholds]`. */
function sumsAbove(
  of: readonly SymbolicTensor[],
  p: SymbolicTensor,
  { at, scale }: Thresholds,
): SymbolicTensor[] {
  if (scale !== undefined && at.length > FEW) return byBuckets(of, p, { at, scale });
  const yes = above(p, { at, ...(scale === undefined ? {} : { scale }) });
  return of.map((each) => ops.sum(ops.mul(yes, ops.expandDims(each, -1)), { axis: 0 }));
}

/** What a batch adds to the counts at thresholds, of all its labels together. */
export function counts(
  yTrue: SymbolicTensor,
  yPred: SymbolicTensor,
  weight: SymbolicTensor | undefined,
  thresholds: Thresholds,
  selection: Selection = {},
): Increments {
  const [y, p, weights] = selected(yTrue, yPred, weight, selection);
  const column = (x: SymbolicTensor): SymbolicTensor => ops.reshape(x, [-1, 1]);
  const sides = [column(ops.mul(y, weights)), column(ops.mul(ops.sub(1, y), weights))] as const;
  const [yes, wrong] = sumsAbove(sides, column(p), thresholds).map((sums) =>
    ops.reshape(sums, [thresholds.at.length]),
  ) as [SymbolicTensor, SymbolicTensor];
  return {
    truePositives: yes,
    falsePositives: wrong,
    positives: ops.sum(sides[0]),
    negatives: ops.sum(sides[1]),
  };
}

/** What a batch adds to the counts at thresholds, of each label `[batch, labels]` by itself. */
export function countsByLabel(
  yTrue: SymbolicTensor,
  yPred: SymbolicTensor,
  weight: SymbolicTensor | undefined,
  thresholds: Thresholds,
): Increments {
  if (yPred.rank !== 2) throw shapeError('yPred', '[batch, labels]', shapeText(yPred.shape));
  const [y, p, weights] = selected(yTrue, yPred, weight, {});
  const sides = [ops.mul(y, weights), ops.mul(ops.sub(1, y), weights)] as const;
  const [yes, wrong] = sumsAbove(sides, p, thresholds) as [SymbolicTensor, SymbolicTensor];
  return {
    truePositives: yes,
    falsePositives: wrong,
    positives: ops.sum(sides[0], { axis: 0 }),
    negatives: ops.sum(sides[1], { axis: 0 }),
  };
}

/** Counts at one threshold. */
export interface Confusion {
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly trueNegatives: number;
  readonly falseNegatives: number;
}

/** Share of the ones that are predicted. */
export const recallOf = ({ truePositives: yes, falseNegatives: missed }: Confusion): number =>
  quotient(yes, yes + missed);

/** Share of the predicted ones that are ones. */
export const precisionOf = ({ truePositives: yes, falsePositives: wrong }: Confusion): number =>
  quotient(yes, yes + wrong);

/** Share of the zeros that are not predicted. */
export const specificityOf = ({ trueNegatives: no, falsePositives: wrong }: Confusion): number =>
  quotient(no, no + wrong);

/** The counts that sums give, one for each threshold, for the label number `label`. */
export function confusions(sums: Sums, label = 0): Confusion[] {
  const { truePositives = [], falsePositives = [], positives = [], negatives = [] } = sums;
  const count = truePositives.length / Math.max(positives.length, 1);
  return Array.from({ length: count }, (_, i) => {
    const [yes, wrong] = [
      truePositives[label * count + i] as number,
      falsePositives[label * count + i] as number,
    ];
    return {
      truePositives: yes,
      falsePositives: wrong,
      trueNegatives: (negatives[label] as number) - wrong,
      falseNegatives: (positives[label] as number) - yes,
    };
  });
}
