/**
 * Layers: those of one's own, functions of one's own in a model, configs, adapting to data, data helpers.
 */
import {
  constraints,
  input,
  Layer,
  layers,
  losses,
  type Model,
  metrics,
  ops,
  optimizers,
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
import { optionNames } from '../src/core/options.js';
import { layerRegistry } from '../src/layers/registry.js';
import { Block, Scale } from './support/layers.js';
import { bits, classes, numbers, x, y } from './support/small.js';

describe('a layer of one’s own', () => {
  test('inner layers in private fields are found, named and trained', async () => {
    setRandomSeed(2);
    const model = new Sequential([layers.input([4]), new Block({ units: 6 }), layers.dense(1)]);
    const norm = 'block/batch_normalization';
    const state = [`${norm}/moving_mean`, `${norm}/moving_variance`];
    // In the order in which they were made.
    const paths = [`${norm}/gamma`, `${norm}/beta`, ...state, 'block/dense/kernel', 'block/dense/bias'];
    expect(model.weights.map((w) => w.path)).toEqual([...paths, 'dense/kernel', 'dense/bias']);
    const before = model.getWeights();
    await model.compile({ loss: 'mse' }).fit(x, y);
    for (const [i, weight] of model.getWeights().entries()) {
      expect(weight.data, model.weights[i]?.path).not.toEqual(before[i]?.data);
    }
  });

  test('options of a call stand behind all parameters that are tensors, whatever is optional', () => {
    const x = tensor([[1, 2]]);
    const kinds = { reverse: 'flag', by: 'tensors' } as const;
    type Options = { readonly reverse?: boolean; readonly by?: SymbolicTensor };
    const turned = (x: SymbolicTensor, y: SymbolicTensor | null | undefined, o: Options): SymbolicTensor => {
      const sum = ops.add(o.reverse ? ops.neg(x) : x, o.by ?? 0);
      return y ? ops.add(sum, y) : sum;
    };
    abstract class Turned extends Layer {
      static override readonly callOptions = kinds;
    }
    const classes = [
      class extends Turned {
        override call(x: SymbolicTensor, o: Options = {}): SymbolicTensor {
          return turned(x, null, o);
        }
      },
      class extends Turned {
        override call(x: SymbolicTensor, o?: Options): SymbolicTensor {
          return turned(x, null, o ?? {});
        }
      },
      class extends Turned {
        override call(
          x: SymbolicTensor,
          y?: SymbolicTensor,
          { ...o }: Options = { reverse: false },
        ): SymbolicTensor {
          return turned(x, y, o);
        }
      },
      class extends Turned {
        // A default that is no literal.
        override call(
          x: SymbolicTensor,
          y: SymbolicTensor | null = [null, null][0] ?? null,
          o: Options = {},
        ): SymbolicTensor {
          return turned(x, y, o);
        }
      },
      class extends Turned {
        override call(x: SymbolicTensor, y: SymbolicTensor | undefined, o: Options): SymbolicTensor {
          return turned(x, y, o);
        }
      },
    ];
    for (const Class of classes) {
      const of = new Class() as unknown as (...given: unknown[]) => Tensor;
      expect(of(x).toArray()).toEqual([[1, 2]]);
      expect(of(x, { reverse: true }).toArray()).toEqual([[-1, -2]]);
      expect(of(x, { reverse: true, by: tensor([5]) }).toArray()).toEqual([[4, 3]]);
    }
    for (const Class of classes.slice(2)) {
      const of = new Class() as unknown as (...given: unknown[]) => Tensor;
      expect(of(x, tensor([10]), { reverse: true }).toArray()).toEqual([[9, 8]]);
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

describe('options of every layer', () => {
  const weight = (name: string) => ({
    [`${name}Initializer`]: { name: 'constant', value: 2 },
    [`${name}Regularizer`]: { name: 'l1', l1: 0.1 },
    [`${name}Constraint`]: { name: 'maxNorm', maxValue: 3, axis: 0 },
  });
  const scale = { scale: true, center: false, ...weight('gamma'), ...weight('beta') };

  const cell = {
    ...{ activation: 'relu', useBias: false, dropout: 0.3, recurrentDropout: 0.2, seed: 4 },
    ...{ ...weight('kernel'), ...weight('recurrent'), ...weight('bias') },
  };
  const shown = {
    ...{ returnSequences: true, returnState: true, goBackwards: true, zeroOutputForMask: true },
    stateful: true,
    unroll: true,
  };
  const recurrent = { ...cell, ...shown };
  /** A cell as it is saved. */
  const cellOf = (className: 'LSTMCell' | 'SimpleRNNCell') => ({
    className,
    config: JSON.parse(JSON.stringify(new layers[className](2, { name: 'inner' }).getConfig())),
  });
  /** A layer as it is saved. */
  const recurrentLayer = (config: object = {}) => ({
    className: 'SimpleRNN',
    config: JSON.parse(JSON.stringify(layers.simpleRnn(2, { name: 'inner', ...config }).getConfig())),
  });

  /** By class: every option with a value that is not its default, and how the factory takes it. */
  const CASES: Record<string, readonly [factory: string, options: object, position?: unknown]> = {
    Activation: ['activation', { activation: 'gelu' }, 'gelu'],
    ActivityRegularization: ['activityRegularization', { l1: 0.5, l2: 0.25 }],
    Add: ['add', {}],
    AdditiveAttention: ['additiveAttention', { useScale: false, dropout: 0.3, seed: 4 }],
    AlphaDropout: ['alphaDropout', { rate: 0.3, noiseShape: [null, 1], seed: 4 }, 0.3],
    Attention: ['attention', { useScale: true, scoreMode: 'concat', dropout: 0.3, seed: 4 }],
    Average: ['average', {}],
    BatchNormalization: [
      'batchNormalization',
      {
        ...{ axis: 1, momentum: 0.8, epsilon: 0.1, ...scale },
        ...{ renorm: true, renormClipping: { rmax: 2, dmax: 1 }, renormMomentum: 0.9 },
        movingMeanInitializer: { name: 'ones' },
        movingVarianceInitializer: { name: 'constant', value: 2 },
      },
    ],
    Bidirectional: [
      'bidirectional',
      { layer: recurrentLayer(), mergeMode: 'sum', backwardLayer: recurrentLayer({ goBackwards: true }) },
      recurrentLayer(),
    ],
    CategoryEncoding: ['categoryEncoding', { numTokens: 4, outputMode: 'count' }, 4],
    Concatenate: ['concatenate', { axis: 1 }],
    Dense: [
      'dense',
      { units: 3, activation: 'relu', useBias: false, ...weight('kernel'), ...weight('bias') },
      3,
    ],
    Discretization: [
      'discretization',
      { binBoundaries: [0, 1], numBins: 4, epsilon: 0.1, outputMode: 'oneHot' },
      [0, 1],
    ],
    Dot: ['dot', { axes: [1, 2], normalize: true }, [1, 2]],
    Dropout: ['dropout', { rate: 0.3, noiseShape: [null, 1], seed: 4 }, 0.3],
    ELU: ['elu', { alpha: 2 }],
    EinsumDense: [
      'einsumDense',
      {
        ...{ equation: 'abc,cd->abd', outputShape: [null, 4], activation: 'relu', biasAxes: 'd' },
        ...{ ...weight('kernel'), ...weight('bias') },
      },
      'abc,cd->abd',
    ],
    Embedding: ['embedding', { inputDim: 9, outputDim: 2, maskZero: true, ...weight('embeddings') }, 9],
    Flatten: ['flatten', { dataFormat: 'channelsFirst' }],
    GRU: ['gru', { units: 2, ...recurrent, recurrentActivation: 'hardSigmoid', resetAfter: false }, 2],
    GRUCell: ['gruCell', { units: 2, ...cell, recurrentActivation: 'hardSigmoid', resetAfter: false }, 2],
    GaussianDropout: ['gaussianDropout', { rate: 0.3, seed: 4 }, 0.3],
    GaussianNoise: ['gaussianNoise', { stddev: 0.3, seed: 4 }, 0.3],
    GlobalAveragePooling1D: ['globalAveragePooling1d', { dataFormat: 'channelsFirst', keepdims: true }],
    GlobalMaxPooling1D: ['globalMaxPooling1d', { dataFormat: 'channelsFirst', keepdims: true }],
    GroupQueryAttention: [
      'groupQueryAttention',
      {
        ...{ headDim: 3, numQueryHeads: 4, numKeyValueHeads: 2, dropout: 0.3, useBias: false, seed: 4 },
        ...{ ...weight('kernel'), ...weight('bias'), slidingWindow: 3, useGate: true },
      },
      3,
    ],
    GroupNormalization: ['groupNormalization', { groups: 2, axis: 1, epsilon: 0.1, ...scale }],
    Identity: ['identity', {}],
    IntegerLookup: [
      'integerLookup',
      {
        ...{ vocabulary: [7, 3], maxTokens: 9, numOovIndices: 2, maskToken: 0, oovToken: -2 },
        ...{ invert: false, outputMode: 'tfIdf', idfWeights: [1, 2], padToMaxTokens: true },
      },
    ],
    LSTM: ['lstm', { units: 2, ...recurrent, recurrentActivation: 'hardSigmoid', unitForgetBias: false }, 2],
    LSTMCell: [
      'lstmCell',
      { units: 2, ...cell, recurrentActivation: 'hardSigmoid', unitForgetBias: false },
      2,
    ],
    LayerNormalization: ['layerNormalization', { axis: [1, 2], epsilon: 0.1, ...scale }],
    LeakyReLU: ['leakyRelu', { negativeSlope: 0.1 }],
    Masking: ['masking', { maskValue: 2 }],
    Maximum: ['maximum', {}],
    Minimum: ['minimum', {}],
    MultiHeadAttention: [
      'multiHeadAttention',
      {
        ...{ numHeads: 2, keyDim: 3, valueDim: 4, dropout: 0.3, useBias: false, outputShape: [2, 3] },
        ...{ attentionAxes: [1], seed: 4, ...weight('kernel'), ...weight('bias') },
        ...{ slidingWindow: 3, useGate: true },
      },
      2,
    ],
    Multiply: ['multiply', {}],
    Normalization: ['normalization', { axis: null, mean: [1], variance: [4], invert: true }],
    Permute: ['permute', { dims: [2, 1] }, [2, 1]],
    PReLU: ['prelu', { sharedAxes: [1], ...weight('alpha') }],
    ReLU: ['relu', { maxValue: 6, negativeSlope: 0.1, threshold: 1 }],
    ReversibleEmbedding: [
      'reversibleEmbedding',
      {
        ...{ inputDim: 9, outputDim: 2, tieWeights: false, maskZero: true, logitSoftCap: 3 },
        ...weight('embeddings'),
      },
      9,
    ],
    RNN: [
      'rnn',
      { cell: [cellOf('LSTMCell'), cellOf('SimpleRNNCell')], ...shown },
      [cellOf('LSTMCell'), cellOf('SimpleRNNCell')],
    ],
    RMSNormalization: ['rmsNormalization', { axis: 1, epsilon: 0.1 }],
    RepeatVector: ['repeatVector', { n: 3 }, 3],
    Rescaling: ['rescaling', { scale: 2, offset: 1 }, 2],
    Reshape: ['reshape', { targetShape: [2, -1] }, [2, -1]],
    SimpleRNNCell: ['simpleRnnCell', { units: 2, ...cell }, 2],
    SimpleRNN: ['simpleRnn', { units: 2, ...recurrent }, 2],
    Softmax: ['softmax', { axis: 1 }],
    SpectralNormalization: [
      'spectralNormalization',
      { layer: { className: 'Identity', config: { name: 'inner' } }, powerIterations: 2 },
      { className: 'Identity', config: { name: 'inner' } },
    ],
    SpatialDropout1D: ['spatialDropout1d', { rate: 0.3, seed: 4 }, 0.3],
    SpatialDropout2D: ['spatialDropout2d', { rate: 0.3, seed: 4 }, 0.3],
    SpatialDropout3D: ['spatialDropout3d', { rate: 0.3, seed: 4 }, 0.3],
    Subtract: ['subtract', {}],
    TimeDistributed: [
      'timeDistributed',
      { layer: { className: 'Identity', config: { name: 'inner' } } },
      { className: 'Identity', config: { name: 'inner' } },
    ],
    RotaryEmbedding: [
      'rotaryEmbedding',
      { maxWavelength: 50, scalingFactor: 2, sequenceAxis: 2, featureAxis: 1 },
    ],
    SinePositionEncoding: ['sinePositionEncoding', { maxWavelength: 50 }],
    UnitNormalization: ['unitNormalization', { axis: [1, 2] }],
  };

  test('every class has a case, and every option a value', () => {
    // What a lambda is given has no plain form.
    expect([...Object.keys(CASES), 'Lambda'].sort()).toEqual([...layerRegistry.names].sort());
    for (const [className, [, options]] of Object.entries(CASES)) {
      const { options: table } = (layers as Record<string, unknown>)[className] as typeof Layer;
      expect(Object.keys(options).sort(), className).toEqual(optionNames(table!).sort());
    }
  });

  const common = { name: 'mine', trainable: false, activityRegularizer: { name: 'l2', l2: 0.5 } };
  describe.each(Object.entries(CASES))('%s', (className, [factory, options, position]) => {
    const Class = (layers as Record<string, unknown>)[className] as new (...given: unknown[]) => Layer;
    const make = (layers as Record<string, unknown>)[factory] as (...given: unknown[]) => Layer;
    const plain = (layer: Layer) => JSON.parse(JSON.stringify(layer.getConfig()));

    test('come back from a config', () => {
      const layer = make({ ...common, ...options });
      expect(layer).toBeInstanceOf(Class);
      expect(plain(layer)).toEqual({ ...common, ...options });
      expect(plain(new Class(layer.getConfig()))).toEqual(plain(layer));
      expect(plain(layerRegistry.find(className)!(plain(layer)))).toEqual(plain(layer));
      expect([layer.name, layer.trainable]).toEqual(['mine', false]);
      expect(layer.activityRegularizer?.factors).toEqual({ l1: 0, l2: 0.5 });
    });

    test('may be given by position and by name', () => {
      if (position === undefined) {
        expect(plain(make())).toEqual(plain(make({})));
        expect(() => make(5)).toThrow(`config of ${className} must be an object, received 5`);
        return;
      }
      const { [Object.keys(options)[0]!]: _, ...others } = { ...options } as Record<string, unknown>;
      const config = plain(make({ ...common, ...options }));
      expect(plain(make(position, { ...common, ...others }))).toEqual(config);
      expect(plain(new Class(position, { ...common, ...others }))).toEqual(config);
    });

    test('are no others', () => {
      expect(() => make({ ...options, activityRegulariser: 'l2' })).toThrow(
        new RegExp(`^${factory} has no option 'activityRegulariser'; did you mean 'activityRegularizer'\\?$`),
      );
    });
  });

  test('reach the weights', () => {
    const layer = layers.dense(2, {
      kernelConstraint: constraints.maxNorm({ maxValue: 3 }),
      biasConstraint: 'nonNeg',
      kernelRegularizer: 'l1',
    });
    layer(numbers(1, 3));
    const [kernel, bias] = layer.weights as [Weight, Weight];
    expect(kernel.constraint?.getConfig()).toEqual({ name: 'maxNorm', maxValue: 3, axis: 0 });
    expect(bias.constraint?.getConfig()).toEqual({ name: 'nonNeg' });
    expect([kernel.regularizer?.factors?.l1, bias.regularizer]).toEqual([0.01, undefined]);
  });

  test('an activity regularizer of any layer adds to the loss', async () => {
    const model = new Sequential([
      layers.input([4]),
      layers.flatten({ activityRegularizer: 'l2' }),
      layers.dense(1),
    ]);
    const { penalty } = (await model.compile({ loss: 'mse' }).evaluate(x, y)) as Record<string, number>;
    const mean = x.data.reduce((sum: number, v: number) => sum + v * v, 0) / 10;
    expect(penalty).toBeCloseTo(0.01 * mean, 6);
  });

  test('functions stay functions', () => {
    const twice = (v: SymbolicTensor): SymbolicTensor => ops.mul(v, 2);
    const layer = layers.dense(2, { activation: twice, kernelRegularizer: (w) => ops.sum(w) });
    const again = new layers.Dense(layer.getConfig() as never);
    expect(again.options.activation.apply).toBe(twice);
    expect(again.options.kernel.regularizer?.getConfig()).toBeUndefined();
  });
});

describe('data', () => {
  test('normalization adapts to mean and variance', async () => {
    const layer = layers.normalization();
    const data = numbers(200, 3);
    await layer.adapt(data);
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

test('a dropout mask that is shared along an axis stops the gradients of what it zeroes, and no others', async () => {
  const units = 64;
  const dense = layers.dense(units, { useBias: false, kernelInitializer: 'ones' });
  const dropout = layers.dropout(0.5, { noiseShape: [null, 1, null] });
  const model = new Sequential([layers.input([6, 1]), dense, dropout]);
  model.compile({ optimizer: optimizers.sgd({ learningRate: 8 }), loss: 'mse' });
  const { loss } = await model.trainOnBatch(
    tensor(Array(6).fill(1), { shape: [1, 6, 1] }),
    tensor(Array(6 * units).fill(0), { shape: [1, 6, units] }),
  );
  // What is left is 2 and its square 4, at all six places of a unit or at none: its gradient is 6·2·2·2 / (6·units).
  const kept = (loss / 4) * units;
  const weights = [...(dense.weights[0]?.read().data ?? [])];
  expect(kept).toBeGreaterThan(0);
  expect(kept).toBeLessThan(units);
  expect(weights.filter((w) => w === 0)).toHaveLength(kept);
  expect(weights.filter((w) => w === 1)).toHaveLength(units - kept);
});
