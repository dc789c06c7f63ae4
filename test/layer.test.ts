/**
 * Layers: those of one's own, functions of one's own in a model, configs, adapting to data, data helpers.
 */
import {
  input,
  Layer,
  layers,
  losses,
  type Model,
  metrics,
  ops,
  regularizers,
  Sequential,
  type Shape,
  SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
  toCategorical,
  trainTestSplit,
  type Weight,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { Block, Scale } from './support/layers.js';
import { bits, classes, numbers, x, y } from './support/small.js';

describe('a layer of one’s own', () => {
  test('inner layers in private fields are found, named and trained', async () => {
    setRandomSeed(2);
    const model = new Sequential([layers.input([4]), new Block({ units: 6 }), layers.dense(1)]);
    const norm = 'block/batch_normalization';
    const state = [`${norm}/moving_mean`, `${norm}/moving_variance`];
    const paths = ['block/dense/kernel', 'block/dense/bias', `${norm}/gamma`, `${norm}/beta`, ...state];
    expect(model.weights.map((w) => w.path)).toEqual([...paths, 'dense/kernel', 'dense/bias']);
    const before = model.getWeights();
    await model.compile({ loss: 'mse' }).fit(x, y);
    for (const [i, weight] of model.getWeights().entries()) {
      expect(weight.data, model.weights[i]?.path).not.toEqual(before[i]?.data);
    }
  });

  test('the training flag reaches the inner dropout', () => {
    const block = new Block({ units: 50 });
    const zeros = (t: Tensor): number => t.data.filter((v: number) => v === 0).length / t.size;
    expect(zeros(block(x))).toBe(0);
    expect(zeros(block(x, { training: false }))).toBe(0);
    expect(zeros(block(x, { training: true }))).toBeGreaterThan(0.3);
    const model = new Sequential([layers.input([4]), block]);
    expect(zeros(model(x, { training: true }))).toBeGreaterThan(0.3);
    expect(zeros(model(x))).toBe(0);
  });

  test('own weights', () => {
    const scale = new Scale();
    expect(scale(tensor([[1, 2]])).toArray()).toEqual([[2, 4]]);
    expect(scale.weights.map((w) => [w.name, [...w.shape]])).toEqual([['factor', [2]]]);
    expect(() => scale(tensor([[1, 2, 3]]))).toThrow(/layer 'scale': mul: shapes/);
  });

  test('a build that fails can be tried again', () => {
    class Picky extends Layer {
      static override readonly className = 'Picky';
      #w!: Weight;
      override build(shape: Shape): void {
        this.#w = this.addWeight('w', { shape: [1] });
        this.addWeight('v', { shape: [shape[1] === 3 ? null : 1] });
      }
      override call(a: SymbolicTensor): SymbolicTensor {
        return ops.mul(a, this.#w);
      }
    }
    const picky = new Picky();
    expect(() => picky(numbers(1, 3))).toThrow(/weight 'v' needs known sizes/);
    picky(numbers(1, 2));
    expect(picky.weights.map((w) => w.name)).toEqual(['w', 'v']);
  });

  test('looks like a layer, not like a function', () => {
    const dense = layers.dense(2, { name: 'd' });
    expect(dense).toBeInstanceOf(Layer);
    expect(dense).not.toBeInstanceOf(Function);
    expect(JSON.parse(JSON.stringify(dense))).toMatchObject({
      className: 'Dense',
      config: { name: 'd', units: 2 },
    });
    expect(layers.dense(2)(input([3]))).toBeInstanceOf(SymbolicTensor);
  });
});

describe('functions of one’s own', () => {
  test('loss, metric and regularizer', async () => {
    function own(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
      return ops.mean(ops.square(ops.sub(ops.reshape(a, [null, 1]), b)), { axis: -1 });
    }
    const build = (kernelRegularizer: layers.DenseOptions['kernelRegularizer']): Model => {
      setRandomSeed(4);
      return new Sequential([
        layers.input([4]),
        layers.dense(1, { kernelRegularizer: kernelRegularizer ?? 'l2' }),
      ]);
    };
    const penalty = (w: SymbolicTensor): SymbolicTensor => ops.mul(ops.sum(ops.square(w)), 0.1);
    const a = build(penalty).compile({ loss: own, metrics: [own], optimizer: 'sgd' }) as Model;
    const b = build(regularizers.l2(0.1)).compile({
      loss: 'mse',
      metrics: ['mse'],
      optimizer: 'sgd',
    }) as Model;
    const one = (await a.fit(x, y, { epochs: 3 })).history as Record<string, number[]>;
    const two = (await b.fit(x, y, { epochs: 3 })).history as Record<string, number[]>;
    for (const [mine, theirs] of [
      ['own', 'mse'],
      ['penalty', 'penalty'],
      ['loss', 'loss'],
    ] as const) {
      for (let i = 0; i < 3; i++) expect(one[mine]?.[i]).toBeCloseTo(two[theirs]?.[i] as number, 5);
    }
    for (const [i, w] of bits(a).entries()) expect(w).toBeCloseTo(bits(b)[i] as number, 5);
  });

  test('an activation', () => {
    const layer = layers.dense(2, { activation: (v) => ops.mul(v, 2), kernelInitializer: 'ones' });
    expect(layer(tensor([[1, 2]])).toArray()).toEqual([[6, 6]]);
  });

  test('objects serve as losses and metrics', async () => {
    const model = new Sequential([layers.input([4]), layers.dense(1, { activation: 'sigmoid' })]).compile({
      loss: losses.binaryCrossentropy({ labelSmoothing: 0.1 }),
      metrics: [metrics.binaryAccuracy({ threshold: 0.3, name: 'above' })],
    });
    const labels = y.map((v) => Number(v > 0.5));
    expect((await model.fit(x, labels)).history.above).toHaveLength(1);
  });
});

describe('configs', () => {
  const made: Layer[] = [
    layers.dense(3, {
      activation: 'relu',
      kernelRegularizer: 'l1',
      kernelInitializer: 'he_normal',
      useBias: false,
    }),
    layers.dropout(0.3, { seed: 4, noiseShape: [null, 1] }),
    layers.batchNormalization({ momentum: 0.8, scale: false }),
    layers.layerNormalization({ epsilon: 0.1 }),
    layers.activation('gelu'),
    layers.relu({ maxValue: 6 }),
    layers.leakyRelu({ negativeSlope: 0.1 }),
    layers.elu({ alpha: 2 }),
    layers.softmax({ axis: 1 }),
    layers.prelu(),
    layers.concatenate({ axis: 1 }),
    layers.add(),
    layers.flatten(),
    layers.reshape([2, 2]),
    layers.rescaling(2, { offset: 1 }),
    layers.normalization({ mean: 1, variance: 4 }),
  ];
  test.each(made.map((layer) => [layer.name, layer] as const))(
    '%s comes back from its config',
    (_, layer) => {
      const Class = layer.constructor as new (config: never) => Layer;
      const config = JSON.parse(JSON.stringify(layer.getConfig()));
      const again = new Class(config as never);
      expect(JSON.parse(JSON.stringify(again.getConfig()))).toEqual(config);
      expect(new Class(layer.getConfig() as never).getConfig()).toEqual(layer.getConfig());
      expect(new Class({ ...config, trainable: false } as never).trainable).toBe(false);
    },
  );
});

describe('data', () => {
  test('normalization adapts to mean and variance', () => {
    const layer = layers.normalization();
    const data = numbers(200, 3);
    layer.adapt(data);
    const out = layer(data);
    for (let column = 0; column < 3; column++) {
      const values = Array.from({ length: 200 }, (_, row) => out.data[3 * row + column] as number);
      const mean = values.reduce((a, b) => a + b) / 200;
      expect(mean).toBeCloseTo(0, 5);
      expect(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 200).toBeCloseTo(1, 4);
    }
  });

  test('toCategorical', () => {
    expect(toCategorical([1, 0, 2]).toArray()).toEqual([
      [0, 1, 0],
      [1, 0, 0],
      [0, 0, 1],
    ]);
    expect(toCategorical([[1], [0]], 3).shape).toEqual([2, 3]);
    expect(toCategorical(classes).argMax().data).toEqual(classes);
  });

  test('trainTestSplit takes every row once, the same for the same seed', () => {
    const rows = tensor(Array.from({ length: 20 }, (_, i) => [i, -i]));
    const labels = Int32Array.from({ length: 20 }, (_, i) => i);
    const split = trainTestSplit(rows, labels, { testSize: 0.3, seed: 5 });
    expect([split.xTrain.shape, split.xTest.shape]).toEqual([
      [14, 2],
      [6, 2],
    ]);
    const all = [...split.yTrain.data, ...split.yTest.data];
    expect(all.sort((a, b) => a - b)).toEqual([...labels]);
    split.yTest.data.forEach((label: number, i: number) => {
      expect(split.xTest.data[2 * i]).toBe(label);
    });
    expect(trainTestSplit(rows, labels, { testSize: 0.3, seed: 5 })).toEqual(split);
    expect(trainTestSplit(rows, labels, { testSize: 0.3, seed: 6 }).yTest).not.toEqual(split.yTest);
    expect(trainTestSplit(rows, labels, { testSize: 2, shuffle: false }).yTest.toArray()).toEqual([18, 19]);
  });

  test('trainTestSplit keeps the shares of classes', () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => Number(i % 10 === 0));
    for (const truth of [tensor(labels), toCategorical(labels)]) {
      const { yTest } = trainTestSplit(numbers(100, 2), truth, { testSize: 0.2, stratify: true });
      const hot = yTest.rank === 2 ? yTest.argMax().data : yTest.data;
      expect(Array.from(hot).reduce((a, b) => a + b, 0)).toBe(2);
    }
  });
});
