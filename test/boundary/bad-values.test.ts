/**
 * Bad values in data: every kind is the right error, names the culprit, and leaves the model usable.
 */
import { runInNewContext } from 'node:vm';
import {
  input,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
  toCategorical,
  trainTestSplit,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { type Case, notPlain, table } from '../support/cases.js';
import { bits, classes, classifier, expectFailure, numbers, x, y } from '../support/small.js';

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
      name: 'weights of a layer that is not built',
      run: () => layers.dense(2).setWeights([numbers(3, 2), [0, 0]]),
      code: 'ERR_ARGUMENT',
      says: /setWeights expects 0 tensors \(a layer makes its weights when it is first called\), received 2/,
    },
    {
      name: 'weights that are no list',
      run: (m) => m.setWeights(undefined),
      code: 'ERR_ARGUMENT',
      says: /setWeights expects 4 tensors, received undefined/,
    },
    {
      name: 'a negative class',
      run: () => toCategorical([-1]),
      code: 'ERR_ARGUMENT',
      says: /^labels must be integers ≥ 0, received -1/,
    },
    {
      name: 'a class that no int32 is',
      run: () => toCategorical([3e10]),
      code: 'ERR_ARGUMENT',
      says: /^labels must be integers ≥ 0, received 30000000000/,
    },
    ...['fit', 'trainOnBatch'].map((verb) => ({
      name: `${verb} of a normalization that has not seen data`,
      run: () => {
        const model = new Sequential([
          layers.input([4]),
          layers.normalization({ name: 'n' }),
          layers.dense(1),
        ]);
        // biome-ignore lint/suspicious/noExplicitAny: the verb is one of several.
        return (model.compile({ loss: 'mse' }) as any)[verb](x, y);
      },
      code: 'ERR_ARGUMENT',
      says: /^layer 'n': it has no statistics yet: adapt it before fit/,
    })),
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
          .layers.map((l) => (l as layers.Normalization).adapt(withNaN))[0],
      code: 'ERR_NON_FINITE',
      says: /adapt|mean|data/,
    },
  ];
  table(cases);
});

describe('labels of binary cross-entropy', () => {
  const model = (): Model =>
    new Sequential([layers.input([4]), layers.dense(1, { activation: 'sigmoid' })]).compile({
      loss: 'binaryCrossentropy',
    }) as Model;
  const verbs: [name: string, run: (labels: Float32Array) => unknown, named: string][] = [
    ['fit', (labels) => model().fit(x, labels), 'y'],
    ['evaluate', (labels) => model().evaluate(x, labels), 'y'],
    ['trainOnBatch', (labels) => model().trainOnBatch(x, labels), 'y'],
    ['validation', (labels) => model().fit(x, y, { validationData: [x, labels] }), 'validation y'],
  ];
  table(
    verbs.flatMap(([name, run, named]) =>
      [-1, 1.5, 255].map((value) => ({
        name: `${value}, ${name}`,
        run: () => run(spoilt(value)),
        code: 'ERR_ARGUMENT',
        says: new RegExp(`^${named} must be in \\[0, 1\\] for binary cross-entropy, received ${value}`),
      })),
    ),
  );

  test('may be probabilities', async () => {
    expect((await model().fit(x, y)).history.loss).toHaveLength(1);
  });
});

describe('tensor', () => {
  const circular: unknown[] = [];
  circular.push(circular);
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  const detached = new Float32Array(4);
  structuredClone(detached.buffer, { transfer: [detached.buffer] });
  // biome-ignore lint/suspicious/noExplicitAny: what is passed is wrong on purpose.
  const make = tensor as any;

  table([
    {
      name: 'of a list that holds itself',
      run: () => make(circular),
      code: 'ERR_SHAPE',
      says: /more than 8 deep/,
    },
    {
      name: 'of lists that hold each other',
      run: () => make([circular, 1]),
      code: 'ERR_SHAPE',
      says: /more than 8 deep/,
    },
    {
      name: 'of a list that holds itself later',
      run: () => {
        const list: unknown[] = [[1, 2]];
        list.push(list);
        return make(list);
      },
      code: 'ERR_(SHAPE|DTYPE)',
      says: /ragged array at \[1\]/,
    },
    { name: '20,000 deep', run: () => make(deep), code: 'ERR_SHAPE', says: /more than 8 deep/ },
    {
      name: 'of a shape that is a number',
      run: () => make([1, 2], { shape: 2 }),
      code: 'ERR_ARGUMENT',
      says: /^shape must be a list of sizes.*received 2/,
    },
    {
      name: 'with null for options',
      run: () => make([1], null),
      code: 'ERR_ARGUMENT',
      says: /^tensor options must be an object, received null/,
    },
    ...notPlain.map(([what, given]) => ({
      name: `with ${what} for options`,
      run: () => make([1], given),
      code: 'ERR_ARGUMENT',
      says: /^tensor options must be an object, received/,
    })),
    {
      name: 'of an array whose buffer was given away',
      run: () => make(detached),
      code: 'ERR_ARGUMENT',
      says: /not detached/,
    },
    {
      name: 'of rows whose buffer was given away',
      run: () => make([detached]),
      code: 'ERR_ARGUMENT',
      says: /not detached/,
    },
    {
      name: 'x whose buffer was given away',
      run: (model) => model.fit(detached, []),
      code: 'ERR_ARGUMENT',
      says: /detached/,
    },
    ...[
      [2 ** 32 - 1, 0],
      [2 ** 26, 0],
      [2 ** 20, 2 ** 20, 0],
    ].map((shape) => ({
      name: `of shape [${shape.join(', ')}] as lists`,
      run: () => tensor([]).reshape(shape).toArray(),
      code: 'ERR_MEMORY',
      says: /^nested arrays of .* lists/,
    })),
  ]);

  test.each([
    ['holds itself', circular],
    ['is 20,000 deep', deep],
  ])('a list that %s can stand in an error', async (_, list) => {
    await expectFailure(() => make([1, list]), 'ERR_SHAPE', /ragged array at \[1\]/);
    await expectFailure(() => layers.dense(list as never), 'ERR_ARGUMENT', /^units must be an integer ≥ 1/);
    await expectFailure(() => make([1], { shape: list }), 'ERR_ARGUMENT', /^shape must be a list of sizes/);
  });

  test('of integers of 64 bits, as int32', () => {
    const made = tensor(BigInt64Array.of(1n, -2n, 2n ** 31n - 1n), { dtype: 'int32' });
    expect([made.dtype, ...made.data]).toEqual(['int32', 1, -2, 2 ** 31 - 1]);
    expect(toCategorical(BigInt64Array.of(1n, 0n)).toArray()).toEqual([
      [0, 1],
      [1, 0],
    ]);
  });

  test.each([
    ['new Int32Array([1, 2])', 'int32', [1, 2]],
    ['new Float32Array([1.5, 2])', 'float32', [1.5, 2]],
    ['new Uint8Array([1, 2])', 'float32', [1, 2]],
    ['new BigInt64Array([1n, 2n])', 'float32', [1, 2]],
    ['[1, 2]', 'float32', [1, 2]],
    ['[true, false]', 'bool', [true, false]],
    ['[new Float32Array([1, 2])]', 'float32', [[1, 2]]],
  ])('of %s of another realm', (text, dtype, expected) => {
    const made = tensor(runInNewContext(text));
    expect([made.dtype, made.toArray()]).toEqual([dtype, expected]);
  });

  test('with options of another realm', () => {
    const made = tensor([1, 2], runInNewContext('({ dtype: "int32", shape: [2, 1] })'));
    expect([made.dtype, made.toArray()]).toEqual(['int32', [[1], [2]]]);
  });

  test('shares no memory with a typed array', () => {
    const given = Float32Array.of(1, 2);
    const made = tensor(given);
    given[0] = 9;
    expect([...made.data]).toEqual([1, 2]);
  });
});

test.each([
  ['clipNorm', 1e30],
  ['globalClipNorm', 1e30],
  ['clipNorm', -1e30],
  ['globalClipNorm', -1e30],
] as const)('%s of a gradient of %f moves by the learning rate', async (option, gradient) => {
  for (const columns of [1, 4]) {
    const kernel = { kernelInitializer: 'zeros', useBias: false } as const;
    const model = new Sequential([layers.input([columns]), layers.dense(1, kernel)]).compile({
      optimizer: optimizers.sgd({ learningRate: 0.5, [option]: 1 }),
      loss: (_, predicted) => ops.mean(predicted, { axis: -1 }) as typeof predicted,
    });
    await model.trainOnBatch(tensor(Array(columns).fill(gradient), { shape: [1, columns] }), [0]);
    // A vector of norm 1 with equal elements.
    const step = (-Math.sign(gradient) * 0.5) / Math.sqrt(columns);
    for (const weight of bits(model as Model)) expect(weight).toBeCloseTo(step, 6);
  }
});

test('a deep or circular list is refused at once', async () => {
  const began = performance.now();
  const wide: unknown[] = [];
  for (let i = 0; i < 100; i++) wide.push(wide);
  await expectFailure(() => tensor(wide as never), 'ERR_SHAPE', /more than 8 deep/);
  expect(performance.now() - began).toBeLessThan(10_000);
});

describe('a tensor where JavaScript wants a number', () => {
  const symbolic = input([2]);
  const weight = layers.dense(2);
  weight.build([null, 2]);
  test.each<[string, unknown]>([
    ['a symbolic one', symbolic],
    ['a concrete one', tensor([1, 2])],
    ['a weight', weight.weights[0]],
  ])('%s is refused', async (_, of) => {
    const any = of as number;
    for (const use of [() => any * 2, () => any > 0, () => any + 1, () => -any])
      await expectFailure(use, 'ERR_ARGUMENT', /is no number: ops compute with tensors/);
    expect(`${of}`).toMatch(/^\[object /);
  });
  test('one of one element is that', () => {
    expect(Number(tensor(3)) + 1).toBe(4);
    expect((tensor([2]) as unknown as number) > 1).toBe(true);
  });
});

test('the index of what is gathered may be a number', () => {
  const from = tensor([
    [1, 2],
    [3, 4],
  ]);
  expect((ops.gather(from, -1) as Tensor).toArray()).toEqual([3, 4]);
  expect((ops.gather(from, 0, 1) as Tensor).toArray()).toEqual([1, 3]);
});

test.each<[string, () => unknown, RegExp]>([
  [
    'a range to a size that is not known',
    () => ops.arange(0, null as never),
    /ops\.positions\(x, axis\) counts/,
  ],
  [
    'a tensor in a list',
    () => new Sequential([layers.input([2]), layers.dense(1)]).predict([tensor([[1, 2]])] as never),
    /a tensor stands by itself, in no list/,
  ],
  [
    'an iterator without next',
    () =>
      new Sequential([layers.input([2]), layers.dense(1)])
        .compile({ loss: 'mse' })
        .fit((() => ({ [Symbol.iterator]: () => ({}) })) as never),
    /an object with next\(\)/,
  ],
  [
    'a condition of no tensor',
    () => ops.whileLoop((() => 5n) as never, (x) => x, tensor(1)),
    /a tensor, a weight or a number/,
  ],
])('%s is told', async (_, use, says) => {
  await expectFailure(use, '(ERR_ARGUMENT|ERR_DTYPE)', says);
});

test('tensors are shown with type and shape', () => {
  const value = () => ops.valueAndGrad((of: SymbolicTensor) => ops.cast(of, 'int32'))(tensor([[1, 2]]));
  expect(value).toThrow(/a float32 scalar, such as ops.sum\(x\), received SymbolicTensor of int32 \[1, 2\]$/);
  expect(() => layers.dense(tensor([1, 2]) as never)).toThrow(/received Tensor of float32 \[2\]$/);
});
