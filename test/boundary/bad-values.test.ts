/**
 * Bad values in data: every kind is the right error, names the culprit, and leaves the model usable.
 */
import { input, layers, Model, ops, Sequential, tensor, toCategorical, trainTestSplit } from 'ridgeline';
import { describe } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { classes, classifier, numbers, x, y } from '../support/small.js';

const spoilt = (value: number): Float32Array => Float32Array.from(y, (v, i) => (i === 3 ? value : v));
const bad = numbers(10, 4);
const withNaN = tensor(
  Float32Array.from(bad.data, (v, i) => (i === 9 ? Number.NaN : v)),
  { shape: [10, 4] },
);
const two = (): Model => {
  const [a, b] = [input([4], { name: 'a' }), input([2], { name: 'b' })];
  const h = layers.concatenate()([a, b]);
  return new Model({
    inputs: [a, b],
    outputs: [layers.dense(1, { name: 'p' })(h), layers.dense(1, { name: 'q' })(h)],
  }).compile({ loss: 'mse' });
};
const b = numbers(10, 2);

describe('values', () => {
  const cases: Case[] = [
    {
      name: 'NaN in x',
      run: (m) => m.fit(withNaN, y),
      code: 'ERR_NON_FINITE',
      says: /^x has NaN at \[2, 1\]/,
    },
    {
      name: 'infinity far down in x',
      run: (m) => {
        const many = new Float32Array(5000 * 4);
        many[4321 * 4 + 2] = Number.NEGATIVE_INFINITY;
        return m.fit(tensor(many, { shape: [5000, 4] }), new Float32Array(5000));
      },
      code: 'ERR_NON_FINITE',
      says: /^x has -Infinity at \[4321, 2\]/,
    },
    {
      name: 'infinity in y',
      run: (m) => m.fit(x, spoilt(Number.POSITIVE_INFINITY)),
      code: 'ERR_NON_FINITE',
      says: /^y has Infinity at \[3\]/,
    },
    {
      name: 'null as a missing value',
      run: (m) => m.fit([[1, 2, null, 4]], [1]),
      code: 'ERR_DTYPE',
      says: /^x: elements must be numbers or booleans at \[0\]\[2\]: received null/,
    },
    {
      name: 'a fraction for int32',
      run: () => tensor([[1, 1.7]], { dtype: 'int32' }),
      code: 'ERR_DTYPE',
      says: /^int32 holds integers below 2\^31, received 1\.7 at \[0\]\[1\]/,
    },
    {
      name: 'NaN for int32',
      run: () => tensor(Float32Array.of(1, Number.NaN), { dtype: 'int32' }),
      code: 'ERR_NON_FINITE',
      says: /received NaN at \[1\]/,
    },
    {
      name: 'a number beyond int32 as input',
      run: () => {
        const ids = input([2], { dtype: 'int32' });
        return new Model({ inputs: ids, outputs: layers.rescaling(1)(ids) }).predict([[1, 3e10]]);
      },
      code: 'ERR_DTYPE',
      says: /^x: int32 holds integers below 2\^31, received 30000000000/,
    },
    {
      name: 'a number for bool',
      run: () => tensor([0.5], { dtype: 'bool' }),
      code: 'ERR_DTYPE',
      says: /^bool holds 0 and 1, received 0\.5/,
    },
    {
      name: 'an array for an op',
      run: () => ops.add([1, 2] as never, 3),
      code: 'ERR_ARGUMENT',
      says: /^operand 0 of add must be a tensor, a weight or a number, received \[1, 2\]/,
    },
    {
      name: 'classWeight of a class that cannot be',
      run: () => classifier().fit(x, classes, { classWeight: { 7: 3 } }),
      code: 'ERR_ARGUMENT',
      says: /^classWeight must be classes below 3, received '7'/,
    },
    {
      name: 'classWeight for labels that are no classes',
      run: (m) => m.fit(x, y, { classWeight: { 0: 2 } }),
      code: 'ERR_ARGUMENT',
      says: /^y must be classes, to be weighted by class, received 0\.1/,
    },
    {
      name: 'stratify with a class of one row',
      run: () => trainTestSplit(x, y, { stratify: true }),
      code: 'ERR_ARGUMENT',
      says: /^stratify must be false, or y classes of two rows or more \(class \d/,
    },
    {
      name: 'NaN in sampleWeight',
      run: (m) => m.fit(x, y, { sampleWeight: spoilt(Number.NaN) }),
      code: 'ERR_NON_FINITE',
      says: /^sampleWeight has NaN at \[3\]/,
    },
    {
      name: 'NaN in validation data',
      run: (m) => m.fit(x, y, { validationData: [withNaN, y] }),
      code: 'ERR_NON_FINITE',
      says: /^validation x has NaN at \[2, 1\]/,
    },
    { name: 'NaN in predict', run: (m) => m.predict(withNaN), code: 'ERR_NON_FINITE', says: /^x has NaN/ },
    {
      name: 'NaN in predictSync',
      run: (m) => m.predictSync(withNaN),
      code: 'ERR_NON_FINITE',
      says: /^x has NaN/,
    },
    {
      name: 'NaN in setWeights',
      run: (m) => m.setWeights([numbers(4, 8), spoilt(Number.NaN).slice(0, 8), numbers(8, 1), [0]]),
      code: 'ERR_NON_FINITE',
      says: /^weight 'dense\/bias' has NaN at element 3/,
    },
    {
      name: 'infinity in a weight',
      run: (m) => m.weights[1].write([1, 2, 3, Number.NEGATIVE_INFINITY, 5, 6, 7, 8]),
      code: 'ERR_NON_FINITE',
      says: /weight 'dense\/bias' has -Infinity/,
    },
    {
      name: 'too few weights',
      run: (m) => m.setWeights([numbers(4, 8)]),
      code: 'ERR_ARGUMENT',
      says: /setWeights expects 4 tensors, received 1/,
    },
    {
      name: 'weights that are no list',
      run: (m) => m.setWeights(undefined),
      code: 'ERR_ARGUMENT',
      says: /setWeights expects 4 tensors, received undefined/,
    },
    {
      name: 'text in x',
      run: (m) => m.fit([['1', 2, 3, 4]], [1]),
      code: 'ERR_DTYPE',
      says: /^x: elements must be numbers or booleans at \[0\]\[0\]: received '1'/,
    },
    {
      name: 'BigInt beyond int32',
      run: () => tensor(BigInt64Array.of(1n, 2n ** 40n), { dtype: 'int32' }),
      code: 'ERR_DTYPE',
      says: /^int32 holds integers below 2\^31, received 1099511627776 at \[1\]/,
    },
    {
      name: 'DataView',
      run: (m) => m.fit(x, new DataView(new ArrayBuffer(40))),
      code: 'ERR_DTYPE',
      says: /^y: .*DataView/,
    },
    { name: 'no x', run: (m) => m.fit(undefined, y), code: 'ERR_ARGUMENT', says: /^x is missing/ },
    { name: 'no y', run: (m) => m.fit(x), code: 'ERR_ARGUMENT', says: /^y is missing/ },
    {
      name: 'unknown dtype',
      run: () => tensor([1], { dtype: 'float64' as never }),
      code: 'ERR_DTYPE',
      says: /'float32', 'int32' or 'bool', received 'float64'/,
    },
    {
      name: 'unknown record key',
      run: (m) => m.fit({ inputs: x }, y),
      code: 'ERR_ARGUMENT',
      says: /^x has 'inputs'; the model has input/,
    },
    {
      name: 'unknown label key',
      run: (m) => m.fit(x, { z: y }),
      code: 'ERR_ARGUMENT',
      says: /^y has 'z'; the model has dense_1/,
    },
    {
      name: 'input left out',
      run: () => two().fit({ a: x }, [y, y]),
      code: 'ERR_ARGUMENT',
      says: /^x lacks 'b'/,
    },
    {
      name: 'one value for two inputs',
      run: () => two().fit(x, [y, y]),
      code: 'ERR_ARGUMENT',
      says: /^x must have data for a, b/,
    },
    {
      name: 'one of two inputs is wrong',
      run: () => two().fit([x, x], [y, y]),
      code: 'ERR_SHAPE',
      says: /^x\.b must have shape \[\?, 2\], received \[10, 4\]/,
    },
    {
      name: 'one of two labels has other rows',
      run: () => two().fit([x, b], [y, y.slice(1)]),
      code: 'ERR_SHAPE',
      says: /^y\.q has 9 rows/,
    },
    {
      name: 'classWeight for two outputs',
      run: () => two().fit([x, b], [y, y], { classWeight: { 0: 1 } }),
      code: 'ERR_ARGUMENT',
      says: /classWeight .*one output/,
    },
    {
      name: 'label beyond the classes',
      run: () =>
        classifier().fit(
          x,
          classes.map((c) => (c === 2 ? 3 : c)),
        ),
      code: 'ERR_ARGUMENT',
      says: /^y must be class indices in \[0, 3\), received 3/,
    },
    {
      name: 'negative label',
      run: () =>
        classifier().fit(
          x,
          classes.map((c) => c - 1),
        ),
      code: 'ERR_ARGUMENT',
      says: /^y must be class indices in \[0, 3\), received -1/,
    },
    {
      name: 'label that is no integer',
      run: () =>
        classifier().fit(
          x,
          Float32Array.from(classes, (c) => c + 0.5),
        ),
      code: 'ERR_ARGUMENT',
      says: /^y must be class indices in \[0, 3\), received 0.5/,
    },
    {
      name: 'validation label beyond the classes',
      run: () => classifier().fit(x, classes, { validationData: [x, classes.map(() => 7)] }),
      code: 'ERR_ARGUMENT',
      says: /^validation y must be class indices in \[0, 3\), received 7/,
    },
    {
      name: 'one-hot labels for a sparse loss',
      run: () => classifier().fit(x, toCategorical(classes)),
      code: 'ERR_SHAPE',
      says: /y must have shape class indices \[\?\], received \[\?, 3\]/,
    },
    {
      name: 'one-hot labels of other classes',
      run: () => classifier().compile({ loss: 'categoricalCrossentropy' }).fit(x, toCategorical(classes, 5)),
      code: 'ERR_SHAPE',
      says: /y must have shape one-hot labels \[\?, 3\], received \[\?, 5\]/,
    },
    {
      name: 'toCategorical: class beyond',
      run: () => toCategorical([0, 3], 3),
      code: 'ERR_ARGUMENT',
      says: /labels must be integers in \[0, 3\), received 3/,
    },
    {
      name: 'toCategorical: fraction',
      run: () => toCategorical([0.5]),
      code: 'ERR_ARGUMENT',
      says: /labels .*received 0.5/,
    },
    {
      name: 'NaN in adapt',
      run: () =>
        new Sequential([layers.input([4])])
          .add(layers.normalization())
          .layers.map((l) => (l as layers.Normalization).adapt(withNaN)),
      code: 'ERR_NON_FINITE',
      says: /adapt|mean|data/,
    },
  ];
  table(cases);
});
