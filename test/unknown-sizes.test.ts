/**
 * Sizes beside the batch that are known when data comes: a model with them computes what one with known sizes does.
 */
import {
  type DataInput,
  input,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { bits, expectFailure, numbers } from './support/small.js';

const ROWS = 6;
const LENGTHS = [3, 5, 1, 3];

/** Rows of `length` steps with 4 features each. */
const steps = (length: number): Tensor<'float32'> =>
  numbers(ROWS, length * 4).reshape([ROWS, length, 4]) as never;

/** A model of steps; `null` where the length is unknown. */
function model(
  length: number | null,
  loss: 'mse' | 'binaryCrossentropy' | 'sparseCategoricalCrossentropy',
): Model {
  setRandomSeed(11);
  const last = {
    mse: layers.dense(2),
    binaryCrossentropy: layers.dense(2, { activation: 'sigmoid' }),
    sparseCategoricalCrossentropy: layers.dense(3, { activation: 'softmax' }),
  };
  return new Sequential([
    layers.input([length, 4]),
    layers.dense(5, { activation: 'tanh' }),
    layers.batchNormalization(),
    last[loss],
  ]).compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss });
}

/** Labels of each length for a loss. */
const LABELS = {
  mse: (length: number): Tensor => numbers(ROWS, length * 2).reshape([ROWS, length, 2]),
  binaryCrossentropy: (length: number): Tensor =>
    tensor(Float32Array.from({ length: ROWS * length * 2 }, (_, i) => (i * 7) % 2)).reshape([
      ROWS,
      length,
      2,
    ]),
  sparseCategoricalCrossentropy: (length: number): Tensor =>
    tensor(Int32Array.from({ length: ROWS * length }, (_, i) => (i * 5) % 3)).reshape([ROWS, length]),
};

describe.each(Object.entries(LABELS))('%s', (name, labels) => {
  const loss = name as keyof typeof LABELS;

  test('fits, evaluates and predicts several lengths in turn as models of known ones do', async () => {
    const unknown = model(null, loss);
    for (const length of LENGTHS) {
      const known = model(length, loss);
      known.setWeights(unknown.getWeights());
      // A seed of the same count of steps, for the order of rows.
      const options = { epochs: 2, batchSize: 4, shuffle: false } as const;
      const run = async (of: Model): Promise<unknown[]> => [
        await of.fit(steps(length), labels(length), options),
        await of.evaluate(steps(length), labels(length), { batchSize: 4 }),
        await of.predict(steps(length)),
        of.predictSync(steps(length)),
        await of.trainOnBatch(steps(length), labels(length)),
        bits(of),
      ];
      const found = await run(unknown);
      expect(found, `length ${length}`).toEqual(await run(known));
      expect((found[2] as Tensor).shape.slice(0, 2)).toEqual([ROWS, length]);
    }
  });

  test('takes validation data of another length', async () => {
    const unknown = model(null, loss);
    const validationData = [steps(5), labels(5)] as const;
    const { history } = await unknown.fit(steps(3), labels(3), { epochs: 2, validationData });
    const { loss: expected } = await unknown.evaluate(steps(5), labels(5));
    expect(history.val_loss?.at(-1)).toBe(expected);
    expect(history.val_loss).toHaveLength(2);
  });

  test('refuses labels of another length', async () => {
    const unknown = model(null, loss);
    const wrong = labels(5);
    for (const run of [
      () => unknown.fit(steps(3), wrong),
      () => unknown.evaluate(steps(3), wrong),
      () => unknown.trainOnBatch(steps(3), wrong),
      () => unknown.fit(steps(3), labels(3), { validationData: [steps(3), wrong] }),
    ])
      await expectFailure(run, 'ERR_SHAPE', /received \[6, 5/);
    expect((await unknown.fit(steps(3), labels(3))).history.loss).toHaveLength(1);
  });
});

describe('two inputs', () => {
  /** Joins two inputs by `join`, and regresses each step. */
  function joined([a, b]: readonly (number | null)[], join: (of: SymbolicTensor[]) => SymbolicTensor): Model {
    setRandomSeed(12);
    const inputs = [input([a ?? null, 4], { name: 'a' }), input([b ?? null, 4], { name: 'b' })];
    const hidden = inputs.map((of) => layers.dense(3, { activation: 'tanh' })(of));
    return new Model({ inputs, outputs: layers.dense(2)(join(hidden)) }).compile({
      optimizer: optimizers.sgd({ learningRate: 0.5 }),
      loss: 'mse',
    });
  }
  const concatenated = (of: SymbolicTensor[]): SymbolicTensor => layers.concatenate({ axis: 1 })(of);
  const added = (of: SymbolicTensor[]): SymbolicTensor => layers.add()(of);
  const labels = LABELS.mse;

  test('of unknown lengths are concatenated, with the gradients of known ones', async () => {
    const unknown = joined([null, null], concatenated);
    for (const [a, b] of [
      [2, 3],
      [4, 1],
    ] as const) {
      const known = joined([a, b], concatenated);
      known.setWeights(unknown.getWeights());
      const before = bits(unknown);
      const x: DataInput = { a: steps(a), b: steps(b) };
      const logs = await unknown.trainOnBatch(x, labels(a + b));
      expect(logs).toEqual(await known.trainOnBatch(x, labels(a + b)));
      expect(bits(unknown)).toEqual(bits(known));
      expect(bits(unknown).every((w, i) => w !== before[i])).toBe(true);
      expect(await unknown.predict(x)).toEqual(await known.predict(x));
      expect(unknown.predictSync(x).shape).toEqual([ROWS, a + b, 2]);
    }
    const x = { a: steps(2), b: steps(3) };
    await expectFailure(() => unknown.fit(x, labels(4)), 'ERR_SHAPE', /received \[6, 4, 2\]/);
  });

  test('of unknown lengths are added where they are equal', async () => {
    const unknown = joined([null, null], added);
    for (const length of [3, 5]) {
      const known = joined([length, length], added);
      known.setWeights(unknown.getWeights());
      const x = { a: steps(length), b: numbers(ROWS, length * 4).reshape([ROWS, length, 4]) };
      expect(await unknown.fit(x, labels(length), { shuffle: false })).toEqual(
        await known.fit(x, labels(length), { shuffle: false }),
      );
      expect(bits(unknown)).toEqual(bits(known));
      expect(await unknown.evaluate(x, labels(length))).toEqual(await known.evaluate(x, labels(length)));
      expect(await unknown.predict(x)).toEqual(await known.predict(x));
    }
    const x = { a: steps(3), b: steps(4) };
    for (const run of [
      () => unknown.predict(x),
      () => unknown.predictSync(x),
      () => unknown.fit(x, labels(3)),
      () => unknown.evaluate(x, labels(3)),
      () => unknown.trainOnBatch(x, labels(4)),
    ])
      await expectFailure(run, 'ERR_SHAPE', /\[6, [34], [234]\]/);
    const good = { a: steps(3), b: steps(3) };
    expect((await unknown.fit(good, labels(3))).history.loss).toHaveLength(1);
  });
});

describe('parts of an axis of unknown size', () => {
  const parts: Record<string, (of: SymbolicTensor) => SymbolicTensor> = {
    'the last step': (of) => ops.slice(of, { start: -1, axis: 1 }),
    'all but the first and the last': (of) => ops.slice(of, { start: 1, end: -1, axis: 1 }),
    'what changes': (of) =>
      ops.sub(ops.slice(of, { start: 1, axis: 1 }), ops.slice(of, { end: -1, axis: 1 })),
    'steps put before themselves': (of) => ops.concat([ops.slice(of, -2, 2, 1), of], 1),
    'the last one, repeated': (of) => ops.expandDims(ops.gather(of, -1, 1), 1),
  };
  const cut = (length: number | null, part: (of: SymbolicTensor) => SymbolicTensor): Model => {
    setRandomSeed(13);
    return new Sequential([
      layers.input([length, 4]),
      layers.dense(3, { activation: 'tanh' }),
      layers.lambda(part),
      layers.simpleRnn(3),
      layers.dense(1),
    ]).compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse' }) as Model;
  };
  test.each(Object.entries(parts))('%s: training and prediction as of known ones', async (_, part) => {
    const unknown = cut(null, part);
    for (const length of [3, 6, 4]) {
      const known = cut(length, part);
      known.setWeights(unknown.getWeights());
      const logs = await unknown.trainOnBatch(steps(length), numbers(ROWS, 1));
      expect(logs).toEqual(await known.trainOnBatch(steps(length), numbers(ROWS, 1)));
      expect(bits(unknown)).toEqual(bits(known));
      expect(await unknown.predict(steps(length))).toEqual(await known.predict(steps(length)));
    }
  });
  test('says so where data is too short', async () => {
    const model = cut(null, (of) => ops.slice(of, { start: 2, end: -2, axis: 1 }));
    expect(model.predictSync(steps(4)).shape).toEqual([ROWS, 1]);
    await expectFailure(
      () => model.predict(steps(3)),
      'ERR_SHAPE',
      /slice takes elements 2..* of axis 1, which has 3/,
    );
    await expectFailure(() => model.fit(steps(1), numbers(ROWS, 1)), 'ERR_SHAPE', /which has 1/);
    const known = (): unknown => ops.slice(ops.zeros([2, 3]), { start: -4, axis: 1 });
    await expectFailure(known, 'ERR_SHAPE', /^slice takes elements -1\.\.3 of axis 1, which has 3/);
    await expectFailure(() => ops.slice(ops.zeros([3]), -1, 2), 'ERR_ARGUMENT', /^size must be at most 1/);
  });
});

describe('attention whose keys and values have lengths of their own', () => {
  const z = tensor([
    [
      [1, 2, 3],
      [4, 5, 6],
    ],
  ]);
  test.each([
    ['attention', () => layers.attention()],
    ['additiveAttention', () => layers.additiveAttention()],
  ] as const)('%s', async (_, make) => {
    const layer = make();
    const [q, v, k] = [input([null, 3]), input([null, 3]), input([null, 3])];
    const outputs = layer([q, v, k] as never) as SymbolicTensor;
    const model = new Model({ inputs: [q, v, k], outputs });
    const found = (await model.predict([z, z, z])) as Tensor;
    expect(found.data).toEqual((layer([z, z, z] as never) as unknown as Tensor).data);
    const shorter = tensor([[[1, 2, 3]]]);
    await expectFailure(
      () => model.predict([z, shorter, z]),
      'ERR_SHAPE',
      /sizes that have to be equal are not/,
    );
  });
});

test.each([
  ['globalMaxPooling1d', () => layers.globalMaxPooling1d()],
  ['globalAveragePooling1d', () => layers.globalAveragePooling1d()],
] as const)('%s of no steps is 0, masked or not', async (_, make) => {
  const nothing = tensor(new Float32Array(0), { shape: [2, 0, 3] });
  const plain = new Sequential([input([null, 3]), make()]);
  expect(((await plain.predict(nothing)) as Tensor).toArray()).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
  const masked = new Sequential([
    input({ shape: [null], dtype: 'int32' }),
    layers.embedding(5, 3, { maskZero: true }),
    make(),
  ]);
  const found = (await masked.predict(tensor(new Int32Array(0), { shape: [2, 0] }))) as Tensor;
  expect(found.toArray()).toEqual([
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

describe('the step of a scan takes sequences of several inputs', () => {
  const keep = (length: number): Tensor =>
    tensor(
      Array.from({ length: ROWS }, (_, row) => Array.from({ length }, (_, t) => (row + t) % 3 > 0)),
      { dtype: 'bool' },
    );
  const layersOf: Record<string, () => layers.Layer> = {
    'a GRU without a kernel of its own': () => layers.gru(2, { activation: 'silu' }),
    'cells one above the other': () => layers.rnn([layers.lstmCell(3), layers.gruCell(2)]),
    'a bidirectional one': () => layers.bidirectional(layers.lstm(2, { activation: 'gelu' })),
  };
  test.each(Object.entries(layersOf))('%s, with a mask that is an input', async (_, layer) => {
    const made = (length: number | null): Model => {
      setRandomSeed(2);
      const [x, mask] = [input([length, 4]), input({ shape: [length], dtype: 'bool' })];
      return new Model({
        inputs: [x, mask],
        outputs: layer()(x, { mask }) as SymbolicTensor,
      }) as unknown as Model;
    };
    const unknown = made(null);
    for (const length of LENGTHS) {
      const of: DataInput = [steps(length), keep(length)];
      expect(await unknown.predict(of)).toEqual(await made(length).predict(of));
    }
    await expectFailure(() => unknown.predict([steps(3), keep(4)]), 'ERR_SHAPE', /have to be equal/);
  });
});
