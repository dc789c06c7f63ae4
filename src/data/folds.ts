/**
 * Folds for cross-validation, as scikit-learn makes them: each row is test data once.
 */
import { boolean, options as checkOptions, integer } from '../core/check.js';
import { type DataOf, type DType, isBigArray, isNumberArray, zeros } from '../core/elements.js';
import { shapeText, type TensorInput, tensor } from '../core/tensor.js';
import { argumentError, RidgelineError, shapeError } from '../errors.js';
import { classesOf, rowsByClass } from './classes.js';
import { generator, mix } from './rows.js';

/** Rows to train on and rows to test on, ascending, for {@link take}. */
export interface Fold {
  readonly train: Int32Array;
  readonly test: Int32Array;
}

/** Options of {@link groupKFold}. */
export interface GroupKFoldOptions {
  /** Number of folds, at least 2. Default 5. */
  readonly nSplits?: number | undefined;
}

/** Options of {@link kFold} and {@link stratifiedKFold}. */
export interface KFoldOptions extends GroupKFoldOptions {
  /** Mixes the rows first. Default false. */
  readonly shuffle?: boolean | undefined;
  /** Seed of the order. Default 0. */
  readonly seed?: number | undefined;
}

/** The most rows that folds are made of. */
const MOST_ROWS = 2 ** 26;
/** Indices of all folds together. */
const MOST_INDICES = 2 ** 30;

/** Folds, from that in which each row is test data. */
function foldsOf(testIn: Int32Array, count: number): Fold[] {
  if (testIn.length * count > MOST_INDICES) {
    const message = `${count} folds of ${testIn.length} rows have more than ${MOST_INDICES} indices`;
    throw new RidgelineError('ERR_MEMORY', message);
  }
  const rows = ascending(testIn.length);
  return Array.from({ length: count }, (_, fold) => ({
    train: rows.filter((row) => testIn[row] !== fold),
    test: rows.filter((row) => testIn[row] === fold),
  }));
}

/** 0, 1, … */
const ascending = (n: number): Int32Array => zeros('int32', n).map((_, row) => row);

function count(what: string, nSplits: number, most: number): number {
  integer('nSplits', nSplits, 2);
  if (nSplits <= most) return nSplits;
  throw argumentError('nSplits', `at most ${most}, the number of ${what}`, nSplits);
}

function mixing(
  where: string,
  options: KFoldOptions,
): { nSplits: number; random: (() => number) | undefined } {
  const {
    nSplits = 5,
    shuffle = false,
    seed = 0,
  } = checkOptions(where, options, ['nSplits', 'shuffle', 'seed']);
  integer('seed', seed, 0);
  return { nSplits, random: boolean('shuffle', shuffle) ? generator(seed) : undefined };
}

/** Number of rows of data, or the number itself. */
function rowsOf(of: TensorInput | number): number {
  if (typeof of === 'number') return integer('rows', of, 2, MOST_ROWS);
  const [n] = tensor(of).shape;
  if (n !== undefined) return integer('rows', n, 2, MOST_ROWS);
  throw new RidgelineError('ERR_SHAPE', 'folds are made of rows, received a scalar');
}

/**
 * Cuts rows, or so many of them, into folds of the same size but for one row.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or fewer rows than folds.
 */
export function kFold(of: TensorInput | number, options: KFoldOptions = {}): Fold[] {
  const { nSplits, random } = mixing('kFold', options);
  const n = rowsOf(of);
  count('rows', nSplits, n);
  const order = ascending(n);
  if (random) mix(order, random);
  const testIn = zeros('int32', n);
  const [size, larger] = [Math.floor(n / nSplits), n % nSplits];
  let at = 0;
  for (let fold = 0; fold < nSplits; fold++) {
    for (const end = at + size + (fold < larger ? 1 : 0); at < end; at++) testIn[order[at] as number] = fold;
  }
  return foldsOf(testIn, nSplits);
}

/** What tells a row from others. */
type Mark = number | bigint | string;
/** A mark for each row: numbers, or texts such as identifiers. */
export type Marks = TensorInput | readonly string[];

const isTexts = (given: Marks): given is readonly string[] =>
  Array.isArray(given) && given.length > 0 && Array.from(given).every((one) => typeof one === 'string');

/**
 * What tells rows apart, exactly: a tensor of float32 holds no large numbers.
 * @throws {RidgelineError} `ERR_ARGUMENT` for NaN, and for other than one for each row.
 */
function marks(argument: string, given: Marks): Mark[] {
  if (isTexts(given)) return [...given];
  const isOne = (one: unknown): one is number | bigint => typeof one === 'number' || typeof one === 'bigint';
  const isRow =
    isNumberArray(given) || isBigArray(given) || (Array.isArray(given) && Array.from(given).every(isOne));
  const all = isRow ? Array.prototype.slice.call(given) : [...labelsOf(argument, given)];
  const bad = all.find((one) => Number.isNaN(one));
  if (bad === undefined) return all;
  throw argumentError(argument, 'one number for each row', bad);
}

function labelsOf(argument: string, given: TensorInput): DataOf[DType] {
  const of = tensor(given);
  if (of.rank === 1 || argument === 'y' || (of.rank === 2 && of.shape[1] === 1)) return classesOf(of);
  throw shapeError(argument, '[rows]', shapeText(of.shape));
}

/**
 * Cuts rows into folds that each have the share of every class of `y`, class indices, one-hot rows or names.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options, or a class of fewer rows than folds.
 */
export function stratifiedKFold(y: Marks, options: KFoldOptions = {}): Fold[] {
  const { nSplits, random } = mixing('stratifiedKFold', options);
  const labels = marks('y', y);
  const classes = rowsByClass(labels.keys(), (row) => labels[row] as Mark);
  const few = [...classes].find(([, rows]) => rows.length < nSplits);
  count(few ? `rows of class ${few[0]}` : 'rows', nSplits, few ? few[1].length : labels.length);
  // Rows by class, dealt out in turn: how many of a class each fold gets. Where they go is up to the class.
  const testIn = zeros('int32', labels.length);
  let before = 0;
  for (const rows of classes.values()) {
    const sizes = new Array<number>(nSplits).fill(0);
    for (let i = 0; i < rows.length; i++) (sizes[(before + i) % nSplits] as number)++;
    before += rows.length;
    const folds = sizes.flatMap((size, fold) => new Array<number>(size).fill(fold));
    if (random) mix(folds, random);
    rows.forEach((row, i) => {
      testIn[row] = folds[i] as number;
    });
  }
  return foldsOf(testIn, nSplits);
}

/**
 * Cuts rows into folds such that those of one group, such as a patient, are in one fold: the largest groups first, each
 * into the fold that has the fewest rows.
 * @param groups - Number or name of the group of each row.
 * @throws {RidgelineError} `ERR_ARGUMENT` for bad options or fewer groups than folds.
 */
export function groupKFold(groups: Marks, options: GroupKFoldOptions = {}): Fold[] {
  const { nSplits = 5 } = checkOptions('groupKFold', options, ['nSplits']);
  const of = marks('groups', groups);
  const sizes = new Map<Mark, number>();
  for (const group of of) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  count('groups', nSplits, sizes.size);
  const filled = new Array<number>(nSplits).fill(0);
  const foldOf = new Map<Mark, number>();
  for (const [group, size] of [...sizes].sort(([a, m], [b, n]) => n - m || (a < b ? 1 : -1))) {
    const fold = filled.indexOf(filled.reduce((a, b) => Math.min(a, b)));
    (filled[fold] as number) += size;
    foldOf.set(group, fold);
  }
  const testIn = Int32Array.from(of, (group) => foldOf.get(group) as number);
  return foldsOf(testIn, nSplits);
}
