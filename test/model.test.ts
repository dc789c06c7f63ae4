/**
 * Models as users build them: lists, graphs, nested and shared layers, weights, summaries.
 */
import {
  input,
  layers,
  Model,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { bits, classes, expectFailure, numbers, regression, x, y } from './support/small.js';

describe('sequential', () => {
  test('add builds the same as the list', () => {
    setRandomSeed(1);
    const list = new Sequential([layers.input([4]), layers.dense(3), layers.dense(1)]);
    const expected = list.predictSync(x).data;
    setRandomSeed(1);
    const added = new Sequential()
      .add(layers.input([4]))
      .add(layers.dense(3))
      .add(layers.dense(1));
    expect(added.predictSync(x).shape).toEqual([10, 1]);
    expect(added.layers.map((l) => l.name)).toEqual(['dense', 'dense_1']);
    added.setWeights(list.getWeights());
    expect(added.predictSync(x).data).toEqual(expected);
  });

  test('add after a fit goes on training', async () => {
    const model = regression();
    await model.fit(x, y);
    (model as Sequential).add(layers.dense(1, { name: 'last' }));
    expect((await model.fit(x, y)).history.loss).toHaveLength(1);
    expect(model.weights).toHaveLength(6);
  });

  test('the first data says the shape', async () => {
    const model = new Sequential([layers.dense(2)]).compile({ loss: 'mse' });
    expect(model.weights).toEqual([]);
    await model.fit(numbers(6, 3), numbers(6, 2));
    const found = model.weights.map((w) => [w.path, [...w.shape]]);
    expect(found).toEqual([
      ['dense/kernel', [3, 2]],
      ['dense/bias', [2]],
    ]);
  });

  test('a vector serves an input of one column', async () => {
    const model = new Sequential([layers.input([1]), layers.dense(1)]).compile({ loss: 'mse' });
    expect((await model.fit([1, 2, 3], [2, 4, 6])).history.loss).toHaveLength(1);
  });
});

describe('functional', () => {
  const build = (): Model => {
    setRandomSeed(5);
    const [a, b] = [input([4], { name: 'a' }), input([2], { name: 'b' })];
    const h = layers.dense(6, { activation: 'tanh' })(layers.concatenate()([a, b]));
    const outputs = [layers.dense(1, { name: 'p' })(h), layers.dense(2, { name: 'q' })(h)];
    return new Model({ inputs: [a, b], outputs });
  };
  const b = numbers(10, 2);

  test('several inputs and outputs, by list and by name', async () => {
    const one = build().compile({ loss: ['mse', 'mae'], lossWeights: [1, 2], metrics: ['mae'] }) as Model;
    const two = build().compile({
      loss: { q: 'mae', p: 'mse' },
      lossWeights: [1, 2],
      metrics: ['mae'],
    }) as Model;
    const list = await one.fit([x, b] as never, [y, b] as never, { epochs: 2 });
    const named = await two.fit({ b, a: x }, { q: b, p: y }, { epochs: 2 });
    const history = list.history as Record<string, number[]>;
    expect(named.history).toEqual(history);
    const keys = ['loss', 'p_loss', 'q_loss', 'p_mae', 'q_mae', 'penalty', 'loss_without_penalty'];
    expect(Object.keys(history).sort()).toEqual(keys.sort());
    const [p, q] = [history.p_loss?.[0] as number, history.q_loss?.[0] as number];
    expect(p + 2 * q).toBeCloseTo(history.loss?.[0] as number, 5);
    const outputs = (await one.predict([x, b] as never)) as unknown as Tensor[];
    expect(outputs.map((t) => [...t.shape])).toEqual([
      [10, 1],
      [10, 2],
    ]);
    expect([one.inputNames, one.outputNames]).toEqual([
      ['a', 'b'],
      ['p', 'q'],
    ]);
  });

  test('a model is a layer of another', async () => {
    const inner = new Sequential([layers.input([4]), layers.dense(3), layers.dropout(0.5)], {
      name: 'inner',
    });
    const at = input([4]);
    const outputs = layers.dense(1)(inner(at) as typeof at);
    const model = new Model({ inputs: at, outputs }).compile({ loss: 'mse' });
    const paths = ['inner/dense/kernel', 'inner/dense/bias', 'dense/kernel', 'dense/bias'];
    expect(model.weights.map((w) => w.path)).toEqual(paths);
    const before = inner.predictSync(x).data;
    await model.fit(x, y, { epochs: 2 });
    expect(inner.predictSync(x).data).not.toEqual(before);
    expect(inner.getWeights()).toEqual(model.getWeights().slice(0, 2));
  });

  test('a shared layer has its weights once, and gradients from each use', async () => {
    const [a, b] = [input([4]), input([4])];
    const shared = layers.dense(1, { useBias: false, kernelInitializer: 'ones', name: 'shared' });
    const model = new Model({ inputs: [a, b], outputs: layers.add()([shared(a), shared(b)]) });
    expect(model.weights.map((w) => w.path)).toEqual(['shared/kernel']);
    const compiled = model.compile({ loss: 'mse', optimizer: 'sgd' });
    await compiled.trainOnBatch([tensor([[1, 0, 0, 0]]), tensor([[0, 1, 0, 0]])] as never, [0]);
    // d/dw (x₁·w + x₂·w)² = 2·2·(x₁ + x₂), times the learning rate 0.01.
    for (const [i, w] of [0.96, 0.96, 1, 1].entries()) expect(bits(model)[i]).toBeCloseTo(w, 6);
  });

  test('frozen layers stay as they are', async () => {
    const frozen = layers.dense(3, { trainable: false });
    const model = new Sequential([layers.input([4]), frozen, layers.dense(1)]);
    const before = model.getWeights();
    await model.compile({ loss: 'mse' }).fit(x, y);
    const after = model.getWeights();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
    expect(model.trainableWeights).toHaveLength(2);
  });
});

describe('looking at a model', () => {
  test('summary, getLayer, countParams', () => {
    const bn = layers.batchNormalization({ name: 'bn' });
    const model = new Sequential([layers.input([4]), layers.dense(8), bn, layers.dense(1)]);
    const text = model.summary({ print: false });
    for (const part of ['dense (Dense)', '[?, 8]', 'bn (BatchNormalization)', ' 40 ', ' 32 '])
      expect(text).toContain(part);
    expect(text).toMatch(/Total params: 81 \(trainable 65, non-trainable 16\)$/);
    expect(model.countParams()).toBe(81);
    expect(model.getLayer('bn')).toBe(bn);
    expect(model.getLayer(-1)).toBe(model.layers[2]);
    expect(model.getLayer(0).name).toBe('dense');
  });

  test('weights go out and in', () => {
    const [a, b] = [regression(), regression()];
    a.setWeights(
      a.getWeights().map((w) => tensor(w.data.map((v) => v + 1) as Float32Array, { shape: w.shape })),
    );
    expect(bits(a)).not.toEqual(bits(b));
    b.setWeights(a.getWeights());
    expect(bits(b)).toEqual(bits(a));
    expect(b.predictSync(x).data).toEqual(a.predictSync(x).data);
  });

  test('weights that do not all fit change nothing', () => {
    const model = regression();
    const before = bits(model);
    const weights = model.getWeights().map((w) => tensor(new Float32Array(w.size), { shape: w.shape }));
    expect(() => model.setWeights([...weights.slice(0, 3), tensor([Number.NaN])])).toThrow(/dense_1\/bias/);
    expect(bits(model)).toEqual(before);
  });
});

describe('functions as losses and metrics', () => {
  const squares = (yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor =>
    ops.mean(ops.square(ops.sub(yTrue, yPred)), { axis: -1 });

  test('get vectors of labels in the shape of predictions, as Keras gives them', async () => {
    const model = regression().compile({ optimizer: 'sgd', loss: squares, metrics: ['mse', squares] });
    const { loss, mse, squares: own } = (await model.evaluate(x, y)) as Record<string, number>;
    expect(loss).toBeCloseTo(mse as number, 6);
    expect(own).toBeCloseTo(mse as number, 6);
  });

  test('get whole numbers as float32', async () => {
    const model = regression().compile({ optimizer: 'sgd', loss: squares });
    const whole = Int32Array.from(y, (v) => Math.round(v * 10));
    const { loss } = await model.evaluate(x, whole);
    expect(loss).toBe((await model.evaluate(x, Float32Array.from(whole))).loss);
  });

  test('a metric may not be called as a loss is', async () => {
    const name = { loss: squares }.loss.bind(undefined);
    Object.defineProperty(name, 'name', { value: 'val_loss' });
    const compile = (): unknown => regression().compile({ loss: 'mse', metrics: [name] });
    await expectFailure(
      compile,
      'ERR_ARGUMENT',
      /^metrics must be metrics whose names are no keys of losses/,
    );
  });

  test('an error names the loss or metric and the output', async () => {
    const features = input([4]);
    const outputs = ['p', 'q'].map((name) => layers.dense(2, { name })(features));
    const model = new Model({ inputs: features, outputs }).compile({ loss: 'mse', metrics: ['mae'] });
    const fit = (): unknown => model.fit(x, { p: numbers(10, 2), q: numbers(10, 3) });
    await expectFailure(fit, 'ERR_SHAPE', /^loss 'meanSquaredError' of output 'q': y must have shape/);
  });
});

test('numbers beside integers are not cut', () => {
  const whole = tensor([1, 2], { dtype: 'int32' });
  expect([...ops.mul(whole, 1.5).data]).toEqual([1.5, 3]);
  expect([...ops.sub(1.5, whole).data]).toEqual([0.5, -0.5]);
  expect([...ops.pow(whole, 0.5).data]).toEqual([1, Math.fround(Math.SQRT2)]);
  expect([...ops.equal(whole, 1.9).data]).toEqual([0, 0]);
  expect([...ops.div(whole, 2).data]).toEqual([0.5, 1]);
  expect([...ops.div(whole, 0).data]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
  expect(ops.add(whole, 2).dtype).toBe('int32');
});

test('metrics and loss weights by the names of outputs', async () => {
  const features = input([4]);
  const model = new Model({
    inputs: features,
    outputs: [
      layers.dense(1, { name: 'level' })(features),
      layers.dense(3, { name: 'kind', activation: 'softmax' })(features),
    ],
  });
  const options = {
    optimizer: 'sgd',
    loss: { level: 'mse', kind: 'sparseCategoricalCrossentropy' },
    lossWeights: { kind: 0.5 },
    metrics: { level: 'mae', kind: ['accuracy'] },
  } as const;
  const { history } = await model.compile(options).fit(x, { level: y, kind: classes });
  const plain = ['loss', 'penalty', 'loss_without_penalty'];
  expect(Object.keys(history).sort()).toEqual(
    [...plain, 'level_loss', 'kind_loss', 'level_mae', 'kind_accuracy'].sort(),
  );
  const [loss, level, kind] = ['loss', 'level_loss', 'kind_loss'].map((key) => history[key]?.[0] as number);
  expect(loss).toBeCloseTo((level as number) + 0.5 * (kind as number), 5);
  await expectFailure(
    () => model.compile({ ...options, metrics: { levl: 'mae' } }),
    'ERR_ARGUMENT',
    /^metrics .*'levl'; did you mean 'level'\?/,
  );
});
