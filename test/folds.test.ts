/**
 * Folds, rows by index and rows in random order: against scikit-learn, and by what must hold of any.
 */
import {
  groupKFold,
  kFold,
  shuffle,
  stratifiedKFold,
  take,
  tensor,
  toCategorical,
  trainTestSplit,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { golden } from './support/golden.js';
import { expectFailure, numbers } from './support/small.js';

interface FoldCase {
  readonly name: string;
  readonly kind: 'kFold' | 'stratifiedKFold' | 'groupKFold';
  readonly nSplits: number;
  readonly of: readonly number[];
  readonly tests: readonly (readonly number[])[];
}
const { cases } = golden<{ cases: FoldCase[] }>('folds');

describe('folds', () => {
  test.each(cases)('$name', ({ kind, nSplits, of, tests }) => {
    const given = [...of];
    const folds =
      kind === 'kFold'
        ? kFold(of.length, { nSplits })
        : (kind === 'groupKFold' ? groupKFold : stratifiedKFold)(given, { nSplits });
    expect(folds.map(({ test }) => [...test])).toEqual(tests);
    for (const { train, test } of folds) {
      const all = [...train, ...test].sort((a, b) => a - b);
      expect(all).toEqual(given.map((_, row) => row));
    }
  });

  test('are as many', () => {
    expect(cases).toHaveLength(21);
  });

  const labels = Int32Array.from({ length: 60 }, (_, i) => (i % 10 < 5 ? 0 : i % 10 < 8 ? 1 : 2));
  test('of mixed rows are others, the same for a seed', () => {
    for (const make of [
      (seed: number) => kFold(60, { shuffle: true, seed }),
      (seed: number) => stratifiedKFold(labels, { shuffle: true, seed }),
    ]) {
      expect(make(1)).toEqual(make(1));
      expect(make(1)).not.toEqual(make(2));
      const tested = make(1).flatMap(({ test }) => [...test]);
      expect(tested.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, row) => row));
    }
    const share = (rows: Int32Array, of: number): number =>
      [...rows].filter((row) => labels[row] === of).length;
    for (const { test } of stratifiedKFold(labels, { shuffle: true })) {
      // 30, 18 and 12 rows in five folds.
      for (const [of, size] of [6, 3.6, 2.4].entries())
        expect(Math.abs(share(test, of) - size)).toBeLessThan(1);
    }
  });

  test('of one-hot rows are those of their classes, and data counts its rows', () => {
    expect(stratifiedKFold(toCategorical(labels))).toEqual(stratifiedKFold(labels));
    expect(kFold(numbers(60, 2))).toEqual(kFold(60));
  });

  test.each<[string, () => unknown, RegExp]>([
    [
      'more folds than rows',
      () => kFold(3, { nSplits: 4 }),
      /^nSplits must be at most 3, the number of rows/,
    ],
    ['one fold', () => kFold(9, { nSplits: 1 }), /^nSplits must be an integer ≥ 2/],
    [
      'a class of few',
      () => stratifiedKFold([0, 0, 0, 1, 1], { nSplits: 3 }),
      /^nSplits must be at most 2, the number of rows of class 1/,
    ],
    [
      'NaN',
      () => groupKFold([1, Number.NaN, 2], { nSplits: 2 }),
      /^groups must be one number for each row, received NaN/,
    ],
    [
      'few groups',
      () => groupKFold([1, 1, 2, 2], { nSplits: 3 }),
      /^nSplits must be at most 2, the number of groups/,
    ],
    [
      'an unknown option',
      () => kFold(9, { splits: 3 } as never),
      /^kFold has no option 'splits'; did you mean 'nSplits'/,
    ],
    ['a seed that is none', () => kFold(9, { seed: -1 }), /^seed must be/],
  ])('of %s are refused', async (_, run, says) => {
    await expectFailure(run, 'ERR_ARGUMENT', says);
  });
});

test('groups and classes are told apart exactly', () => {
  const ids = [123456784, 123456785, 123456786, 123456787, 123456800, 123456801];
  const tests = (folds: ReturnType<typeof groupKFold>): number[][] => folds.map(({ test }) => [...test]);
  const expected = [
    [1, 3, 5],
    [0, 2, 4],
  ];
  expect(tests(groupKFold(ids, { nSplits: 2 }))).toEqual(expected);
  expect(tests(groupKFold(Float64Array.from(ids), { nSplits: 2 }))).toEqual(expected);
  expect(tests(groupKFold(BigInt64Array.from(ids, BigInt), { nSplits: 2 }))).toEqual(expected);
  expect(() => stratifiedKFold([2 ** 24, 2 ** 24, 2 ** 24 + 1], { nSplits: 2 })).toThrow(/class 16777217/);
});

describe('rows', () => {
  const x = numbers(6, 2);
  test('by their indices', () => {
    expect(take(x, [5, 0, 0]).toArray()).toEqual(
      [5, 0, 0].map((row) => x.rows(row, row + 1).toArray<number[][]>()[0]),
    );
    expect(take([1, 2, 3], Int32Array.of(2)).toArray()).toEqual([3]);
    expect(take(x, []).shape).toEqual([0, 2]);
    expect(take([1, 2, 3], tensor(Int32Array.of(2, 0))).toArray()).toEqual([3, 1]);
  });

  test('in one random order', () => {
    const [a, b] = shuffle([x, [0, 1, 2, 3, 4, 5]], { seed: 3 });
    expect(a).toEqual(take(x, b.data));
    expect([...b.data].sort()).toEqual([0, 1, 2, 3, 4, 5]);
    expect(shuffle([x], { seed: 4 })[0]).not.toEqual(a);
  });

  test('of a split are told by their indices', () => {
    const { xTrain, xTest, trainIndices, testIndices } = trainTestSplit(x, [0, 1, 2, 3, 4, 5], {
      testSize: 2,
    });
    expect([xTrain, xTest]).toEqual([take(x, trainIndices), take(x, testIndices)]);
  });

  test.each<[string, () => unknown, string, RegExp]>([
    [
      'an index outside',
      () => take(x, [6]),
      'ERR_ARGUMENT',
      /^indices must be a list of integers in \[0, 6\), received 6/,
    ],
    ['a fraction', () => take(x, [0.5]), 'ERR_ARGUMENT', /received 0.5/],
    ['an object', () => take(x, { length: 1e12 } as never), 'ERR_ARGUMENT', /^indices must be/],
    ['no list', () => take(x, 3 as never), 'ERR_ARGUMENT', /received 3/],
    ['a scalar', () => take(tensor([1]).reshape([]), [0]), 'ERR_SHAPE', /received a scalar/],
    ['different numbers of rows', () => shuffle([x, [1, 2]]), 'ERR_SHAPE', /received 6, 2/],
    ['no data', () => shuffle([]), 'ERR_ARGUMENT', /^of must be a list of data/],
  ])('of %s are refused', async (_, run, code, says) => {
    await expectFailure(run, code, says);
  });
});

test('groups and classes by name fall as those by number do', () => {
  const names = ['anna', 'ben', 'anna', 'cleo', 'ben', 'dora', 'cleo', 'anna'];
  const numbers = names.map((name) => ['anna', 'ben', 'cleo', 'dora'].indexOf(name));
  const rows = (folds: readonly { readonly test: ArrayLike<number> }[]) =>
    folds.map(({ test }) => [...Array.from(test)]);
  for (const fold of rows(groupKFold(names, { nSplits: 2 })))
    for (const name of new Set(fold.map((row) => names[row])))
      expect(fold.filter((row) => names[row] === name)).toHaveLength(
        names.filter((one) => one === name).length,
      );
  const twice = [...names, ...names];
  expect(rows(stratifiedKFold(twice, { nSplits: 2 }))).toEqual(
    rows(stratifiedKFold([...numbers, ...numbers], { nSplits: 2 })),
  );
});
