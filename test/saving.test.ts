/**
 * Saving and loading: what comes back, and what is refused with the culprit by name.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  constraints,
  initializers,
  input,
  Layer,
  layers,
  loadModel,
  type losses,
  Model,
  ops,
  optimizers,
  type regularizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import './support/allclose.js';
import { Block, Scale } from './support/layers.js';
import { bits, expectFailure, numbers, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-save-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
async function again(model: Model, options?: Parameters<typeof loadModel>[1]): Promise<Model> {
  const path = join(folder, `${files++}`);
  await model.save(path);
  return loadModel(path, options);
}

describe('what comes back', () => {
  test('a sequential model: class, names, weights, what it was compiled with', async () => {
    const model = new Sequential(
      [layers.input([4]), layers.dense(3, { name: 'd', kernelRegularizer: 'l2' }), layers.prelu()],
      {
        name: 'mine',
      },
    ).compile({
      optimizer: optimizers.adamW({ learningRate: 0.01 }),
      loss: 'mse',
      metrics: ['mae', 'accuracy'],
    });
    await model.fit(x, numbers(10, 3));
    const loaded = await again(model as Model);
    expect(loaded).toBeInstanceOf(Sequential);
    expect(loaded.name).toBe('mine');
    expect(loaded.layers.map((l) => l.getConfig())).toEqual(model.layers.map((l) => l.getConfig()));
    expect(bits(loaded)).toEqual(bits(model as Model));
    expect(loaded.optimizer.getConfig()).toEqual(model.optimizer.getConfig());
    expect(await loaded.evaluate(x, numbers(10, 3))).toEqual(await model.evaluate(x, numbers(10, 3)));
  });

  test('a functional model with several inputs and outputs, a nested one and a shared layer', async () => {
    const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
    const shared = layers.dense(3);
    const inner = new Sequential([layers.input([3]), layers.dense(2)], { name: 'inner' });
    const h = layers.add()([shared(a), shared(b)]);
    const outputs = [inner(h) as SymbolicTensor, layers.dense(1, { name: 'out' })(h)];
    const model = new Model({ inputs: [a, b], outputs }).compile({ loss: 'mse' });
    const loaded = await again(model as Model);
    const predict = async (m: Model): Promise<Tensor[]> =>
      (await m.predict({ a: x, b: x })) as unknown as Tensor[];
    expect(await predict(loaded)).toEqual(await predict(model as Model));
    expect([loaded.inputNames, loaded.outputNames]).toEqual([model.inputNames, model.outputNames]);
    expect(loaded.weights.map((w) => w.path)).toEqual(model.weights.map((w) => w.path));
  });

  describe('a layer that is in several others', () => {
    const spectral = (layer: Layer) => layers.spectralNormalization(layer) as Layer;
    const around = (...inner: Layer[]): Layer => new Sequential([layers.input([4]), ...inner]);
    const made: [string, (d: Layer) => Layer[]][] = [
      ['in a model, and before it', (d) => [d, around(d)]],
      ['in a model, and behind it', (d) => [around(d), d]],
      ['in two models', (d) => [around(d), around(layers.dense(4), d)]],
      ['in a model in a model', (d) => [around(around(d)), d]],
      ['wrapped, and plain before', (d) => [d, spectral(d)]],
      ['wrapped, and plain behind', (d) => [spectral(d), d]],
      ['wrapped twice', (d) => [spectral(d), spectral(d)]],
      ['wrapped in a model', (d) => [around(spectral(d)), d]],
    ];
    test.each(made)('%s', async (_, list) => {
      const model = new Sequential([layers.input([4]), ...list(layers.dense(4))]);
      model.compile({ optimizer: 'adam', loss: 'mse' });
      const options = { epochs: 2, verbose: 0 } as const;
      await model.fit(x, x, options);
      const loaded = await again(model as Model);
      expect(loaded.weights.map(({ path }) => path)).toEqual(model.weights.map(({ path }) => path));
      const [expected, found] = [await model.fit(x, x, options), await loaded.fit(x, x, options)];
      expect(found.history).toEqual(expected.history);
    });
  });

  test('layers of one’s own', async () => {
    const model = new Sequential([
      layers.input([4]),
      new Block({ units: 5 }),
      new Scale(),
      layers.dense(1),
    ]).compile({ loss: 'mse' });
    await model.fit(x, y);
    const loaded = await again(model as Model, { layers: [Block, Scale] });
    expect(loaded.layers[0]).toBeInstanceOf(Block);
    expect(loaded.predictSync(x)).toEqual(model.predictSync(x));
    await expectFailure(
      () => again(model as Model),
      'ERR_ARGUMENT',
      /class 'Block'; pass it: loadModel\(path, \{ layers: \[Block\] \}\)/,
    );
  });

  test('a layer of one’s own with a field that models have too', async () => {
    class Plot extends Scale {
      static override readonly className: string = 'Plot';
      readonly graph = 'lines';
    }
    const model = new Sequential([layers.input([4]), new Plot()]);
    expect((await again(model, { layers: [Plot] })).layers[0]).toBeInstanceOf(Plot);
  });

  test('layers of one’s own, by name', async () => {
    const model = new Sequential([layers.input([4]), new Block({ units: 5 }), new Scale()]);
    const loaded = await again(model, { custom: { Block, Scale } });
    expect(loaded.layers.map((l) => l.constructor)).toEqual([Block, Scale]);
    expect(loaded.predictSync(x)).toEqual(model.predictSync(x));
    await expectFailure(
      () => again(model, { custom: [] as never }),
      'ERR_ARGUMENT',
      /^custom must be an object/,
    );
    await expectFailure(
      () => again(model),
      'ERR_ARGUMENT',
      /class 'Block'; pass it: loadModel\(path, \{ layers: \[Block\] \}\)/,
    );
    await expectFailure(
      () => again(model, { custom: 3 as never }),
      'ERR_ARGUMENT',
      /^custom must be an object/,
    );
  });

  test('a loss of one’s own, and what it was made with', async () => {
    class Power implements losses.Loss {
      readonly name = 'power';
      readonly sparse = false;
      readonly exponent: number;
      constructor({ exponent }: { exponent: number }) {
        this.exponent = exponent;
      }
      call(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
        const difference = ops.sub(ops.reshape(ops.cast(a, 'float32'), [null, 1]), b);
        return ops.mean(ops.pow(ops.abs(difference), this.exponent), { axis: -1 });
      }
      getConfig(): Record<string, unknown> {
        return { exponent: this.exponent };
      }
    }
    const model = new Sequential([layers.input([4]), layers.dense(1)]).compile({
      loss: new Power({ exponent: 3 }),
    });
    const loaded = await again(model as Model, { custom: { power: Power } });
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    expect(await again(loaded, { custom: { power: Power } })).toBeInstanceOf(Sequential);
    await expectFailure(() => again(model as Model), 'ERR_ARGUMENT', /the loss 'power'; pass it/);
  });

  test('a class of one’s own that only has call and getConfig is a loss', async () => {
    class Power {
      readonly reduction = 'sum';
      readonly #exponent: number;
      constructor({ exponent = 3 }: { exponent?: number } = {}) {
        this.#exponent = exponent;
      }
      call(a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor {
        return ops.mean(ops.pow(ops.abs(ops.sub(a, b)), this.#exponent), { axis: -1 });
      }
      getConfig() {
        return { exponent: this.#exponent };
      }
    }
    const net = (loss: losses.LossIdentifier): Model => {
      setRandomSeed(3);
      return new Sequential([layers.input([4]), layers.dense(1)]).compile({ loss }) as Model;
    };
    const [model, cubes] = [
      net(new Power()),
      net((a, b) => ops.mean(ops.pow(ops.abs(ops.sub(a, b)), 3), { axis: -1 })),
    ];
    const rows = y.length;
    const [{ loss }, { loss: mean }] = [
      await model.evaluate(x, y, { batchSize: rows }),
      await cubes.evaluate(x, y),
    ];
    expect(loss / rows).toBeCloseTo(mean, 4);
    await model.fit(x, y, { verbose: 0 });
    const loaded = await again(model, { custom: { Power } });
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    await expectFailure(() => again(model), 'ERR_ARGUMENT', /the loss 'Power'; pass it/);
    const plain = { call: (a: SymbolicTensor, b: SymbolicTensor) => ops.sub(a, b), getConfig: () => ({}) };
    await expectFailure(() => again(net(plain)), 'ERR_ARGUMENT', /the loss has no name; give it one/);
    const odd = { call: () => null as never, getConfig: () => ({}), reduction: 'most' as never };
    await expectFailure(() => net(odd), 'ERR_ARGUMENT', /^reduction must be one of/);
    await expectFailure(
      () => net({ call: () => null } as never),
      'ERR_ARGUMENT',
      /^loss must be a loss, its name/,
    );
  });

  test('what else of one’s own a layer has', async () => {
    const cubic = ({ factor }: { factor: number }): regularizers.Regularizer => ({
      factors: undefined,
      call: (w) => ops.mul(ops.sum(ops.pow(ops.abs(w), 3)), factor),
      getConfig: () => ({ name: 'cubic', factor }),
    });
    class Cubic {
      constructor(config: { factor: number }) {
        Object.assign(this, cubic(config));
      }
    }
    class Unit extends constraints.Constraint {
      static override readonly constraintName = 'unit';
    }
    const start = (): initializers.Initializer => ({
      ...initializers.ones(),
      getConfig: () => ({ name: 'start' }),
    });
    const dense = layers.dense(1, {
      activation: 'tanh',
      kernelInitializer: start(),
      kernelConstraint: new Unit(),
      kernelRegularizer: cubic({ factor: 0.5 }),
    });
    const model = new Sequential([layers.input([4]), dense]).compile({ loss: 'mse' });
    const path = join(folder, 'own');
    await model.save(path);
    // As if the activation had had a name of its own.
    writeFileSync(path, Buffer.from(readFileSync(path, 'latin1').replace('tanh', 'mine'), 'latin1'));
    const mine = (v: SymbolicTensor): SymbolicTensor => ops.tanh(v);
    const loaded = await loadModel(path, { custom: { mine, cubic: Cubic, unit: Unit, start } });
    const { options } = loaded.layers[0] as layers.Dense;
    expect(options.activation).toEqual({ name: 'mine', apply: mine });
    expect(options.kernel.initializer.getConfig()).toEqual({ name: 'start' });
    expect(options.kernel.constraint?.getConfig()).toEqual({ name: 'unit' });
    expect(options.kernel.regularizer).toBeInstanceOf(Cubic);
    expect(await loaded.evaluate(x, y)).toEqual(await model.evaluate(x, y));
    await expectFailure(
      () => loadModel(path, { custom: { cubic: Cubic, unit: Unit, start } }),
      'ERR_ARGUMENT',
      /'mine'/,
    );
    await expectFailure(
      () => loadModel(path, { custom: { mine, unit: Unit, start } }),
      'ERR_ARGUMENT',
      /'cubic'/,
    );
  });

  test('the patience of an early stopping that is the same, and of no other', async () => {
    const stopping = (patience: number) =>
      callbacks.earlyStopping({ monitor: 'loss', minDelta: 1000, patience });
    const model = regression();
    // The first epoch is the best, so one of patience has been used up when it is saved.
    await model.fit(x, y, { epochs: 2, callbacks: [stopping(4)] });
    const options = { initialEpoch: 2, epochs: 20 };
    const resumed = await (await again(model)).fit(x, y, { ...options, callbacks: [stopping(4)] });
    expect(resumed.epoch).toEqual([2, 3, 4]);
    const other = await (await again(model)).fit(x, y, { ...options, callbacks: [stopping(5)] });
    expect(other.epoch).toEqual([2, 3, 4, 5, 6, 7]);
    const over = regression();
    await over.fit(x, y, { epochs: 9, callbacks: [stopping(1)] });
    const anew = await (await again(over)).fit(x, y, { ...options, callbacks: [stopping(1)] });
    expect(anew.epoch).toEqual([2, 3]);
  });

  test('statistics of an adapted normalization', async () => {
    const norm = layers.normalization();
    await norm.adapt(x);
    const model = new Sequential([layers.input([4]), norm]);
    expect((await again(model)).predictSync(x)).toEqual(model.predictSync(x));
  });

  test('a frozen layer', async () => {
    const model = new Sequential([layers.input([4]), layers.dense(2, { trainable: false })]);
    expect((await again(model)).trainableWeights).toEqual([]);
  });

  test('without the optimizer, not compiled', async () => {
    const path = join(folder, 'bare');
    const model = regression();
    await model.save(path, { includeOptimizer: false });
    const loaded = await loadModel(path);
    expect(bits(loaded)).toEqual(bits(model));
    await expectFailure(() => loaded.fit(x, y), 'ERR_NOT_COMPILED', /must be compiled/);
  });

  test('a model whose weights are no longer finite', async () => {
    const model = regression();
    model.optimizer.learningRate = 1e30;
    await model.fit(x, y, { epochs: 4 });
    expect(bits(model).every(Number.isFinite)).toBe(false);
    expect(bits(await again(model))).toEqual(bits(model));
  });

  test('a file is replaced as a whole', async () => {
    const path = join(folder, 'twice');
    await regression().save(path);
    await regression().save(path);
    expect(readdirSync(folder).filter((name) => name.startsWith('twice'))).toEqual(['twice']);
  });
});

describe('refused', () => {
  class Nameless extends Layer {
    override call(a: SymbolicTensor): SymbolicTensor {
      return a;
    }
  }
  class Impostor extends Nameless {
    static override readonly className: string = 'Dense';
  }
  const tied = layers.dense(4);
  const nameless = (
    () => (v: SymbolicTensor) =>
      ops.mul(v, 2)
  )();
  const at = input([4]);
  const twice = (d: Layer): Model => {
    class Own extends Layer {
      static override readonly className: string = 'Own';
      readonly inner = d;
      override call(a: SymbolicTensor): SymbolicTensor {
        return d(a as never) as SymbolicTensor;
      }
    }
    const outputs = d(new Own({ name: 'own' })(at) as never) as SymbolicTensor;
    return new Model({ inputs: at, outputs }) as Model;
  };
  const of = (layer: Layer): Model => new Sequential([layers.input([4]), layer]);
  test.each<[string, Model, RegExp]>([
    [
      'an activation that is a function',
      of(layers.dense(1, { name: 'd', activation: nameless })),
      /'activation' of layer 'd' is a function without a name/,
    ],
    [
      'a regularizer that is a function',
      of(
        layers.dense(1, {
          name: 'd',
          kernelRegularizer: (
            () => (w: SymbolicTensor) =>
              ops.sum(w)
          )(),
        }),
      ),
      /'kernelRegularizer' of layer 'd' is a function/,
    ],
    [
      'a class without a name',
      of(new Nameless({ name: 'n' })),
      /the class of layer 'n' has no 'static className'/,
    ],
    [
      'a class called as one of the package',
      of(new Impostor({ name: 'i' })),
      /the class of layer 'i' is called 'Dense' as a layer of this package is/,
    ],
    [
      'a layer in one of one’s own and elsewhere too',
      twice(layers.dense(4, { name: 'd' })),
      /layer 'd' is in 'own' and in 'model[_0-9]*'; saveWeights keeps its weights/,
    ],
    [
      'a loop between layers',
      new Model({ inputs: at, outputs: ops.scan((c) => [ops.mul(c, 2)], at, undefined, { length: 2 })[0] }),
      /ops\.scan, which was used outside a layer: it has a loop or a gradient: put it into a Layer class/,
    ],
    [
      'a weight between layers',
      new Model({ inputs: at, outputs: ops.matmul(tied(at), tied.weights[0] as never) as SymbolicTensor }),
      /ops\.matmul, which was used outside a layer: it has a weight/,
    ],
    [
      'a large tensor between layers',
      new Model({ inputs: at, outputs: ops.matmul(at, numbers(4, 2000)) as SymbolicTensor }),
      /it has a tensor of 8000 elements/,
    ],
    [
      'a constant',
      new Model({ inputs: at, outputs: layers.add()([at, tensor([[1, 2, 3, 4]]) as never]) }),
      /constant/,
    ],
    [
      'a loss that is a function',
      of(layers.dense(1)).compile({
        loss: (
          () => (a: SymbolicTensor, b: SymbolicTensor) =>
            ops.sub(a, b)
        )(),
      }) as Model,
      /the loss is a function/,
    ],
    [
      'a metric that is a function',
      of(layers.dense(1)).compile({
        loss: 'mse',
        metrics: [(_: SymbolicTensor, b: SymbolicTensor) => b],
      }) as Model,
      /a metric/,
    ],
  ])('%s', async (_, model, says) => {
    const path = join(folder, 'refused');
    await expectFailure(() => model.save(path), 'ERR_ARGUMENT', says);
    expect(readdirSync(folder)).not.toContain('refused');
    expect(model.predictSync(x).shape[0]).toBe(10);
  });
});

test('a model within a layer, with a function of its own', async () => {
  const twice = function twice(x: SymbolicTensor): SymbolicTensor {
    return ops.mul(x, 2);
  };
  const inner = new Sequential([input([4]), layers.dense(3, { activation: 'tanh' }), layers.lambda(twice)]);
  const at = input([5, 4]);
  const shared = layers.timeDistributed(inner);
  const outputs = layers.add()([shared(at), shared(layers.dense(4)(at) as never)] as never) as SymbolicTensor;
  const model = new Model({ inputs: at, outputs }).compile({ loss: 'mse' });
  const data = numbers(30, 4).reshape([6, 5, 4]);
  await model.fit(data, numbers(30, 3).reshape([6, 5, 3]));
  const loaded = await again(model as Model, { custom: { twice } });
  expect((loaded.predictSync(data) as Tensor).data).toEqual((model.predictSync(data) as Tensor).data);
  await loaded.fit(data, numbers(30, 3).reshape([6, 5, 3]));
  await expectFailure(() => again(model as Model), 'ERR_ARGUMENT', /'twice'/);
  // What could not be saved can be asked for its config all the same.
  const at4 = input([4]);
  const [twice4] = ops.scan((c) => [ops.mul(c, 2)], at4, undefined, { length: 1 });
  const bare = new Model({ inputs: at4, outputs: twice4 });
  const wrapped = layers.timeDistributed(bare as never);
  expect(wrapped.getConfig()).toHaveProperty('layer');
  const unsaved = new Sequential([input([5, 4]), wrapped]);
  await expectFailure(
    () => again(unsaved as Model),
    'ERR_ARGUMENT',
    /ops\.scan, which was used outside a layer/,
  );
});

describe('a model that is used within another one', () => {
  const encoder = (): Model =>
    new Sequential([input([4]), layers.dense(3), layers.dense(2)], { name: 'enc' }) as Model;
  const around = (inner: Model): Model => {
    const at = input([4]);
    return new Model({ inputs: at, outputs: layers.dense(1)(inner(at) as never) }) as Model;
  };

  test('is saved as what it is by itself', async () => {
    const inner = encoder();
    around(inner);
    expect(bits(await again(inner))).toEqual(bits(inner));
    const path = join(folder, 'inner-weights');
    await inner.saveWeights(path);
    const fresh = encoder();
    expect(await fresh.loadWeights(path)).toEqual([
      'dense/kernel',
      'dense/bias',
      'dense_1/kernel',
      'dense_1/bias',
    ]);
    expect(bits(fresh)).toEqual(bits(inner));
  });

  test('is saved so when it comes from the file of that other one', async () => {
    const outer = await again(around(encoder()));
    const inner = outer.getLayer('enc') as unknown as Model;
    expect(bits(await again(inner))).toEqual(bits(inner));
  });

  test('and its layers keep their names', () => {
    const inner = encoder();
    const at = input([4]);
    const first = layers.dense(4);
    const outer = new Model({
      inputs: at,
      outputs: inner.layers[1]!(inner.layers[0]!(first(at) as never) as never),
    });
    expect(inner.layers.map(({ name }) => name)).toEqual(['dense', 'dense_1']);
    expect(outer.layers.map(({ name }) => name)).toEqual(['dense_2', 'dense', 'dense_1']);
  });
});

describe('models from files together in another one', () => {
  const net = (name?: string): Model =>
    new Sequential([layers.input([4]), layers.dense(3), layers.dropout(0.5), layers.dense(1)], { name });
  const together = (...models: Model[]): Model => {
    const shared = input([4]);
    const outputs = models.map((model) => model(shared) as SymbolicTensor);
    return new Model({ inputs: shared, outputs: layers.average()(outputs) });
  };
  const mean = async (...models: Model[]): Promise<number[]> => {
    const each = await Promise.all(models.map(async (model) => (await model.predict(x)) as Tensor));
    return Array.from(each[0]!.data, (_, i) => each.reduce((sum, of) => sum + of.data[i]!, 0) / each.length);
  };

  test('are told apart where nobody gave them names, and come back so', async () => {
    const [a, b] = [await again(net()), await again(net())];
    expect([a.name, ...a.layers.map(({ name }) => name)]).toEqual([
      'sequential',
      'dense',
      'dropout',
      'dense_1',
    ]);
    const wanted = await mean(a, b);
    const both = await again(together(a, b));
    expect((await both.predict(x)) as Tensor).toBeAllclose(wanted);
    expect(new Set(both.layers.map(({ name }) => name)).size).toBe(3);
    const at = input([4]);
    const outputs = layers.add()([a, b].map((of) => (of.layers[0] as layers.Dense)(at)));
    expect(new Model({ inputs: at, outputs }).predictSync(x).shape).toEqual([10, 3]);
  });
  test('have other names where they are asked for', async () => {
    const path = join(folder, `${files++}`);
    await net('net').save(path);
    const folds = await Promise.all(['one', 'two'].map((name) => loadModel(path, { name })));
    expect(folds.map(({ name }) => name)).toEqual(['one', 'two']);
    const both = together(...folds);
    expect(both.layers.map(({ name }) => name)).toEqual(['one', 'two', 'average']);
    expect((await both.predict(x)) as Tensor).toBeAllclose(await mean(...folds));
    const same = await Promise.all([loadModel(path), loadModel(path)]);
    expect(() => together(...same)).toThrow("two layers are called 'net'");
    await expectFailure(() => loadModel(path, { name: 'a/b' }), 'ERR_ARGUMENT', /^name must be/);
  });
});

describe('a layer in the config of a layer of one’s own', () => {
  class Residual extends Layer {
    static override readonly className: string = 'Residual';
    readonly of: Layer;
    constructor({ of, ...others }: { of: Layer }) {
      super(others);
      this.of = of;
    }
    override call(x: SymbolicTensor): SymbolicTensor {
      return ops.add(x, this.of(x as never) as SymbolicTensor);
    }
    override getConfig(): Record<string, unknown> {
      return { ...super.getConfig(), of: this.of };
    }
  }
  const twice = function twice(x: SymbolicTensor): SymbolicTensor {
    return ops.mul(x, 2);
  };
  const inner: [string, () => Layer][] = [
    ['a layer', () => layers.dense(4, { activation: 'tanh' })],
    ['a layer with a function', () => layers.dense(4, { activation: twice })],
    ['a model', () => new Sequential([input([4]), layers.dense(4), layers.dense(4)])],
    ['another one', () => new Residual({ of: layers.dense(4) })],
    ['a wrapper of one', () => layers.spectralNormalization(layers.dense(4))],
  ];
  test.each(inner)('%s comes back', async (_, make) => {
    const model = new Sequential([input([4]), new Residual({ of: make() }), layers.dense(1)]) as Model;
    model.compile({ loss: 'mse' });
    await model.fit(x, y);
    const loaded = await again(model, { layers: [Residual as never], custom: { twice } });
    expect(bits(loaded)).toEqual(bits(model));
    expect((loaded.predictSync(x) as Tensor).data).toEqual((model.predictSync(x) as Tensor).data);
  });

  test('one that is in the model, too, stays shared', async () => {
    const dense = layers.dense(4, { activation: 'tanh' });
    const at = input([4]);
    const outputs = new Residual({ of: dense })(dense(at) as never) as SymbolicTensor;
    const model = new Model({ inputs: at, outputs }).compile({ loss: 'mse' }) as Model;
    const loaded = await again(model, { layers: [Residual as never] });
    expect(loaded.weights).toHaveLength(2);
    await Promise.all([model, loaded].map((of) => of.fit(x, numbers(10, 4))));
    expect(bits(loaded)).toEqual(bits(model));
  });

  test('one that is shared stays shared', async () => {
    const shared = new Residual({ of: layers.dense(4) });
    const at = input([4]);
    const between = layers.dense(4)(at);
    const model = new Model({ inputs: at, outputs: shared(shared(between as never) as never) }) as Model;
    const loaded = await again(model, { layers: [Residual as never] });
    expect(bits(loaded)).toEqual(bits(model));
  });
});

// The order is that of Keras 3.15 for the same model.
test('the layers of a model stand in the order of Keras, by which weights go over', () => {
  const [a, b] = [input([2]), input([2])];
  const l = Array.from({ length: 8 }, (_, i) => layers.dense(2, { name: `d${i}` }));
  const on = (i: number, of: unknown): SymbolicTensor => l[i]!(of as never) as SymbolicTensor;
  const [h, g] = [on(2, a), on(1, on(0, b))];
  const sum = layers.add({ name: 'sum' })([on(5, h), on(3, g)] as never) as SymbolicTensor;
  const model = new Model({
    inputs: [a, b],
    outputs: [sum, on(4, on(5, g)), on(6, ops.add(h, a)), on(7, b)],
  });
  const names = ['d0', 'd2', 'd1', 'd5', 'd3', 'sum', 'd4', 'd6', 'd7'];
  expect(model.layers.map(({ name }) => name)).toEqual(names);
  const kernels = model.weights.map(({ path }) => path).filter((path) => path.endsWith('/kernel'));
  expect(kernels).toEqual(names.filter((name) => name !== 'sum').map((name) => `${name}/kernel`));
});

test('ops between layers', async () => {
  const at = input([null, 4]);
  const h = layers.dense(4)(at);
  const sum = ops.add(ops.mul(at, 0.5), h);
  const [left, right] = ops.split(sum, 2) as [SymbolicTensor, SymbolicTensor];
  const joined = ops.concat([right, ops.tanh(left), ops.softmax(h)]);
  const chosen = ops.where(
    ops.greater(joined, 0),
    joined,
    ops.mul(joined, tensor([1, 2, 3, 4, 5, 6, 7, Number.NaN])),
  );
  const crossed = ops.einsum('btc,bsc->bts', joined, ops.reshape(chosen, [null, -1, 8]));
  const parts = [
    ops.mean(joined, { axis: 1 }),
    ops.max(ops.matmul(ops.softmax(crossed), joined), { axis: 1 }),
  ];
  const outputs = layers.dense(2)(ops.concat(parts));
  const model = new Model({
    inputs: at,
    outputs: [outputs, ops.cast(ops.argMax(joined), 'float32')],
  }) as Model;
  const loaded = await again(await again(model));
  for (const steps of [1, 5]) {
    const rows = numbers(3 * steps, 4).reshape([3, steps, 4]);
    const [a, b] = [model, loaded].map((of) =>
      (of.predictSync(rows) as unknown as Tensor[]).map(({ data }) => data),
    );
    expect(a).toEqual(b);
  }
  expect(loaded.summary()).toBe(model.summary());
  const trained = new Model({ inputs: loaded.inputs as never, outputs: loaded.outputs[0] as never }) as Model;
  await trained.compile({ loss: 'mse' }).fit(numbers(20, 4).reshape([10, 2, 4]), numbers(10, 2));
});

test('random ops between layers have streams of their own, saved or not', async () => {
  const at = input([4]);
  const [a, b] = [ops.randomNormal(at), ops.randomNormal(at)];
  const seeded = ops.add(ops.randomUniform(at, { seed: 5 }), ops.randomUniform(at, { seed: 5 }));
  const inner = new Model({ inputs: at, outputs: ops.sub(a, ops.mul(b, -0)), name: 'inner' });
  const again4 = input([4]);
  const twice = ops.sub(inner(again4) as SymbolicTensor, inner(again4) as SymbolicTensor);
  for (const model of [
    new Model({ inputs: at, outputs: [ops.sub(a, b), seeded] }),
    new Model({ inputs: again4, outputs: [twice, ops.div(1, ops.mul(ops.abs(again4), -0))] }),
  ]) {
    const loaded = await again(model as Model);
    const given = (of: Model): unknown =>
      (of.predictSync(x) as unknown as Tensor[]).map(({ data }) => [...data]);
    // Each call of a model counts for its random numbers.
    const [found, expected] = [given(loaded), given(model as Model)];
    expect(found).toEqual(expected);
    expect((found as number[][])[0]?.some((value) => value !== 0)).toBe(true);
  }
});

test('layers of two models in a third keep the others apart', async () => {
  const pair = (): Model => new Sequential([input([4]), layers.dense(4), layers.dense(4)]) as Model;
  const [a, b] = [pair(), pair()];
  const at = input([4]);
  new Model({ inputs: at, outputs: b.layers[0]!(a.layers[0]!(at as never) as never) });
  for (const model of [a, b]) {
    expect(new Set(model.layers.map(({ name }) => name)).size).toBe(2);
    expect(bits(await again(model))).toEqual(bits(model));
  }
});

describe('what stands in a wrapper or a config is checked like the rest', () => {
  class Forgets extends Layer {
    static override readonly className: string = 'Forgets';
    readonly by: number;
    constructor({ by = 1, ...others }: { by?: number }) {
      super(others);
      this.by = by;
    }
    override call(v: SymbolicTensor): SymbolicTensor {
      return ops.mul(v, this.by);
    }
  }
  class Anonymous extends Layer {
    override call(v: SymbolicTensor): SymbolicTensor {
      return ops.mul(v, 2);
    }
  }
  class Holds extends Layer {
    static override readonly className: string = 'Holds';
    readonly of: Layer | undefined;
    constructor({ of, ...others }: { of?: Layer }) {
      super(others);
      this.of = of;
    }
    override call(v: SymbolicTensor): SymbolicTensor {
      return this.of ? (this.of(v as never) as SymbolicTensor) : v;
    }
    override getConfig(): Record<string, unknown> {
      return { ...super.getConfig(), of: this.of ?? this };
    }
  }
  test.each<[string, () => Layer, RegExp]>([
    [
      'a forgotten option',
      () => layers.timeDistributed(new Forgets({ by: 3 })),
      /made again by new TimeDistributed/,
    ],
    ['a class without a name', () => layers.timeDistributed(new Anonymous()), /has no 'static className'/],
    ['one in a config', () => new Holds({ of: new Anonymous() }), /has no 'static className'/],
    ['a layer in its own config', () => new Holds({}), /holds the layer itself/],
  ])('%s', async (_, make, says) => {
    const model = new Sequential([input([3, 4]), make()]) as Model;
    await expectFailure(() => again(model, { layers: [Forgets, Holds] as never }), 'ERR_ARGUMENT', says);
  });
});

test('a layer that is used in training alone comes back', async () => {
  class Extra extends Layer {
    static override readonly className: string = 'Extra';
    readonly #always = layers.dense(4);
    readonly #sometimes = layers.dense(4);
    override call(v: SymbolicTensor): SymbolicTensor {
      const y = this.#always(v);
      return this.isTraining ? (ops.add(y, this.#sometimes(v)) as SymbolicTensor) : y;
    }
  }
  const model = new Sequential([input([4]), new Extra(), layers.dense(1)]).compile({ loss: 'mse' }) as Model;
  await model.fit(x, y);
  expect(bits(await again(model, { layers: [Extra as never] }))).toEqual(bits(model));
});

test('patterns of weights are those of the model that is trained', async () => {
  const excludeFromWeightDecay = [/^dense/];
  const inner = new Sequential([input([4]), layers.dense(1)], { name: 'inner' }) as Model;
  inner.compile({
    optimizer: optimizers.adamW(0.1, { weightDecay: 0.5, excludeFromWeightDecay }),
    loss: 'mse',
  });
  await inner.fit(x, y);
  new Sequential([input([4]), inner, layers.dense(2)]);
  await inner.fit(x, y);
  await (await again(inner)).fit(x, y);
});

test('weights of layers that are not in the model are not used between layers', async () => {
  const at = input([4]);
  const outside = layers.dense(4);
  const [looped] = ops.scan((c) => [outside(c) as SymbolicTensor], at, undefined, { length: 2 });
  await expectFailure(
    () => new Model({ inputs: at, outputs: layers.dense(1)(looped) }),
    'ERR_ARGUMENT',
    /ops\.scan, used between layers, has weights of a layer that the model does not have/,
  );
});
