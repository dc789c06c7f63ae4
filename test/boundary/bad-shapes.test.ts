/**
 * Data of bad shapes: every kind is the right error, names the culprit, and leaves the model usable.
 */
import { input, layers, Model, ops, tensor, trainTestSplit } from 'ridgeline';
import { describe } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { numbers, x, y } from '../support/small.js';

describe('shapes', () => {
  const cases: Case[] = [
    {
      name: 'other width',
      run: (m) => m.fit(numbers(10, 5), y),
      code: 'ERR_SHAPE',
      says: /^x must have shape \[\?, 4\], received \[10, 5\]/,
    },
    {
      name: 'other rank',
      run: (m) => m.fit(y, y),
      code: 'ERR_SHAPE',
      says: /^x must have shape \[\?, 4\], received \[10\]/,
    },
    { name: 'scalar x', run: (m) => m.fit(3, y), code: 'ERR_SHAPE', says: /^x .*received \[\]/ },
    { name: 'scalar y', run: (m) => m.fit(x, 3), code: 'ERR_SHAPE', says: /^y / },
    {
      name: 'x and y of different rows',
      run: (m) => m.fit(x, y.slice(1)),
      code: 'ERR_SHAPE',
      says: /^y has 9 rows, x has 10/,
    },
    {
      name: 'labels of other width',
      run: (m) => m.fit(x, numbers(10, 2)),
      code: 'ERR_SHAPE',
      says: /y must have shape \[\?, 1\], received \[\?, 2\]/,
    },
    {
      name: 'no rows',
      run: (m) => m.fit(tensor(new Float32Array(0), { shape: [0, 4] }), new Float32Array(0)),
      code: 'ERR_SHAPE',
      says: /^x has no rows/,
    },
    { name: 'empty array', run: (m) => m.fit([], []), code: 'ERR_SHAPE', says: /^x / },
    {
      name: 'ragged rows',
      run: (m) =>
        m.fit(
          [
            [1, 2, 3, 4],
            [1, 2, 3],
          ],
          [1, 2],
        ),
      code: 'ERR_SHAPE',
      says: /^x: ragged array at \[1\]: expected 4 elements/,
    },
    {
      name: 'ragged depth',
      run: (m) => m.fit([[1, 2, 3, [4]]], [1]),
      code: 'ERR_SHAPE',
      says: /^x: ragged array at \[0\]\[3\]/,
    },
    {
      name: 'predict: other width',
      run: (m) => m.predict(numbers(3, 2)),
      code: 'ERR_SHAPE',
      says: /^x must have shape \[\?, 4\], received \[3, 2\]/,
    },
    {
      name: 'predict: no rows',
      run: (m) => m.predict(tensor(new Float32Array(0), { shape: [0, 4] })),
      code: 'ERR_SHAPE',
      says: /^x has no rows/,
    },
    {
      name: 'predict: an output of twice the rows, which batches would mix',
      run: () => {
        const x = input([2]);
        return new Model({ inputs: x, outputs: ops.concat([x, x], 0) }).predict([[1, 2]]);
      },
      code: 'ERR_SHAPE',
      says: /^output 0 of shape \[2·\?, 2\] has another first axis than the batch/,
    },
    {
      name: 'predictSync: other width',
      run: (m) => m.predictSync(numbers(3, 2)),
      code: 'ERR_SHAPE',
      says: /^x must have shape \[\?, 4\]/,
    },
    {
      name: 'evaluate: other rows',
      run: (m) => m.evaluate(x, y.slice(2)),
      code: 'ERR_SHAPE',
      says: /^y has 8 rows/,
    },
    {
      name: 'trainOnBatch: other width',
      run: (m) => m.trainOnBatch(numbers(10, 3), y),
      code: 'ERR_SHAPE',
      says: /^x must have shape/,
    },
    {
      name: 'sampleWeight of other rows',
      run: (m) => m.fit(x, y, { sampleWeight: [1, 2] }),
      code: 'ERR_SHAPE',
      says: /^sampleWeight must have shape \[10\], received \[2\]/,
    },
    {
      name: 'sampleWeight of rank 2',
      run: (m) => m.fit(x, y, { sampleWeight: numbers(10, 2) }),
      code: 'ERR_SHAPE',
      says: /^sampleWeight must have shape \[10\], received \[10, 2\]/,
    },
    {
      name: 'validation data of other width',
      run: (m) => m.fit(x, y, { validationData: [numbers(4, 3), [1, 2, 3, 4]] }),
      code: 'ERR_SHAPE',
      says: /^validation x must have shape \[\?, 4\], received \[4, 3\]/,
    },
    {
      name: 'validation labels of other width',
      run: (m) => m.fit(x, y, { validationData: [x, numbers(10, 2)] }),
      code: 'ERR_SHAPE',
      says: /^validation y .*received/,
    },
    {
      name: 'weights of another shape',
      run: (m) => m.setWeights([numbers(4, 7), y.slice(0, 8), numbers(8, 1), [0]]),
      code: 'ERR_SHAPE',
      says: /^weight 'dense\/kernel' has shape \[4, 8\], received \[4, 7\]/,
    },
    {
      name: 'tensor that does not fit its shape',
      run: () => tensor([1, 2, 3], { shape: [2, 2] }),
      code: 'ERR_SHAPE',
      says: /\[3\] to \[2, 2\]/,
    },
    { name: 'item of several', run: () => x.item(), code: 'ERR_SHAPE', says: /one element.*\[10, 4\]/ },
    {
      name: 'adapt without samples',
      run: () => layers.normalization().adapt([]),
      code: 'ERR_SHAPE',
      says: /adapt expects samples/,
    },
    {
      name: 'split of different rows',
      run: () => trainTestSplit(x, y.slice(1)),
      code: 'ERR_SHAPE',
      says: /x has 10 rows, y has 9/,
    },
  ];
  table(cases);
});
