/**
 * Training steps of one's own: the built-in step written out is the built-in step; R-drop; a GAN; logs, files, errors.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  Layer,
  layers,
  loadModel,
  losses,
  Model,
  ops,
  optimizers,
  regularizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  type TrainStep,
  type TrainStepArguments,
  tensor,
  type Weight,
} from 'ridgeline';
import { describe, expect, it } from 'vitest';
import './support/allclose.js';
import { numbers } from './support/small.js';

const x = numbers(64, 4).reshape([64, 4]);
const y = Float32Array.from(
  { length: 64 },
  (_, i) => (x.data[4 * i] as number) - 2 * (x.data[4 * i + 1] as number),
);

function net(): Sequential {
  setRandomSeed(5);
  return new Sequential([
    input([4]),
    layers.dense(8, { kernelRegularizer: regularizers.l2(0.01) }),
    layers.batchNormalization(),
    layers.relu(),
    layers.dropout(0.2),
    layers.dense(1, { activityRegularizer: regularizers.l1(0.01) }),
  ]);
}
const usual: TrainStep<never> = ({ model, x, computeLoss }) => {
  const outputs = model(x);
  return { loss: computeLoss(outputs), outputs };
};

describe('trainStep', () => {
  describe('with several updates of one weight', () => {
    const rate = { initialLearningRate: 0.1, decaySteps: 1, decayRate: 0.5 };
    const made = {
      adam: () => optimizers.adam({ learningRate: 0.1, beta1: 0.5, beta2: 0.9 }),
      'sgd with a schedule': () =>
        optimizers.sgd({ learningRate: optimizers.schedules.exponentialDecay(rate) }),
      'nadam with averages': () =>
        optimizers.nadam({ learningRate: 0.1, useEma: true, emaOverwriteFrequency: 3 }),
    };
    it.each(Object.keys(made) as (keyof typeof made)[])('counts each of them: %s', async (name) => {
      const weight = async (updates: number, epochs: number): Promise<number> => {
        const other = layers.dense(1, { useBias: false });
        const dense = layers.dense(1, { useBias: false, kernelInitializer: 'ones' });
        const x = input([1]);
        const model = new Model({ inputs: x, outputs: [dense(x), other(x)] });
        const loss = ([y]: SymbolicTensor[]) => ops.mean(ops.square(ops.sub(y as SymbolicTensor, 3)));
        model.compile({
          optimizer: made[name](),
          trainStep: ({ x, model }) => ({
            loss: loss(model(x)),
            minimize: [
              ...Array.from({ length: updates }, () => ({ loss: loss(model(x)), of: dense })),
              { loss: ops.mean(model<SymbolicTensor[]>(x)[1] as SymbolicTensor), of: other },
            ],
          }),
        });
        await model.fit(tensor([[1], [2]]), null, { epochs });
        return dense.getWeights()[0]?.item() as number;
      };
      expect(await weight(3, 2)).toBe(await weight(1, 6));
    });
    it('counts those alone that are made, and a penalty once', async () => {
      const trained = async (apart: boolean): Promise<[number[], number]> => {
        setRandomSeed(4);
        const [a, b] = [layers.dense(1, { kernelRegularizer: 'l2' }), layers.dense(1)];
        const x = input([1]);
        const model = new Model({ inputs: x, outputs: [a(x), b(x)] });
        model.compile({
          optimizer: optimizers.adam(0.1),
          trainStep: ({ x, model }) => {
            const [of_a, of_b] = model<SymbolicTensor[]>(x).map((y) => ops.mean(ops.square(y)));
            const both = apart ? [a, b] : [model_, model_];
            return {
              loss: of_a as SymbolicTensor,
              minimize: [
                { loss: of_a as SymbolicTensor, of: both[0] as Layer },
                { loss: of_b as SymbolicTensor, of: both[1] as Layer },
              ],
            };
          },
        });
        const model_ = model as unknown as Layer;
        const rows = tensor([[1], [2]]);
        const before = await model.evaluate(rows, null);
        const { history } = await model.fit(rows, null, { epochs: 3 });
        expect(history.penalty?.[0]).toBeCloseTo(before.penalty as number, 6);
        return [b.getWeights().flatMap((w) => [...w.data]), history.penalty?.length ?? 0];
      };
      // The penalty has an update of its layer in either part.
      expect(await trained(false)).toEqual(await trained(true));
    });
  });
  it('is given labels that no loss asks for, of any shape', async () => {
    const step: TrainStep<'right'> = ({ model, x, y }) => {
      const each = ops.square(ops.sub(ops.gather(tensor([0, 1, 4]), y), ops.squeeze(model(x), -1)));
      return { loss: ops.mean(each), logs: { right: ops.mean(ops.cast(ops.less(each, 0.25), 'float32')) } };
    };
    const model = net().compile({ optimizer: 'adam', trainStep: step });
    const classes = Int32Array.from({ length: 64 }, (_, i) => i % 3);
    const { history } = await model.fit(x, classes, {
      epochs: 3,
      validationData: [x, classes],
      callbacks: [{ onEpochEnd: (_, logs) => void expect(logs).toHaveProperty('val_right') }],
    });
    expect(history.loss[2]).toBeLessThan(history.loss[0]!);
    expect(await model.evaluate(x, classes)).toHaveProperty('right');
    const twin = net().compile({ optimizer: 'adam', trainStep: step });
    await twin.fit(() => [{ x, y: classes }], { epochs: 1 });
    const [first, second] = [input([4]), input([4])];
    const pair = new Model({
      inputs: [first, second],
      outputs: [layers.dense(1)(first), layers.dense(1)(second)],
    }).compile({
      trainStep: ({ model, inputs, labels }) => {
        const outputs = model<SymbolicTensor[]>(inputs);
        const errors = outputs.map((of, i) => ops.mean(ops.square(ops.sub(of, labels[i] as SymbolicTensor))));
        return { loss: ops.add(errors[0] as SymbolicTensor, errors[1] as SymbolicTensor) };
      },
    });
    const labels = Array.from(y, (of) => [of]);
    expect((await pair.fit([x, x], [labels, labels])).history.loss[0]).toBeGreaterThan(0);
    await expect(net().compile({ loss: null }).fit(x, y)).rejects.toThrow(/y must be null/);
  });
  it('written as the built-in one trains as it does', async () => {
    const weights = new Float32Array(64).map((_, i) => 1 + (i % 3));
    const runs = [];
    for (const own of [{}, { trainStep: usual }]) {
      const model = net().compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'], ...own } as never);
      const { history } = await model.fit(x, y, {
        epochs: 3,
        batchSize: 16,
        sampleWeight: weights,
        validationData: [x, y],
        verbose: 0,
      });
      runs.push({ history, weights: model.getWeights(), found: await model.evaluate(x, y) });
    }
    const [builtIn, own] = runs as [(typeof runs)[0], (typeof runs)[0]];
    expect(Object.keys(own.history)).toEqual(Object.keys(builtIn.history));
    for (const [key, of] of Object.entries(builtIn.history))
      expect(own.history[key as 'loss'], key).toBeAllclose(of as number[]);
    for (const [i, of] of builtIn.weights.entries()) expect(own.weights[i]).toBeAllclose(of);
  });
  it('R-drop: two forwards whose predictions are to agree', async () => {
    const classes = Int32Array.from({ length: 64 }, (_, i) => ((y[i] as number) > 0 ? 1 : 0));
    const model = new Sequential([
      input([4]),
      layers.dense(16, { activation: 'relu' }),
      layers.dropout(0.5),
      layers.dense(2, { activation: 'softmax' }),
    ]).compile({
      optimizer: optimizers.adam({ learningRate: 0.01 }),
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy'],
      trainStep: ({ model, x, computeLoss }) => {
        const [p, q] = [model(x), model(x)];
        const kl = (a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor =>
          ops.mean(ops.sum(ops.mul(a, ops.log(ops.div(ops.add(a, 1e-7), ops.add(b, 1e-7)))), { axis: -1 }));
        const disagreement = ops.mul(ops.add(kl(p, q), kl(q, p)), 0.5);
        const loss = ops.mul(ops.add(computeLoss(p), computeLoss(q)), 0.5);
        return { loss: ops.add(loss, disagreement), outputs: p, logs: { disagreement } };
      },
    });
    const { history } = await model.fit(x, classes, { epochs: 40, verbose: 0, validationData: [x, classes] });
    expect(history.accuracy.at(-1)).toBeGreaterThan(0.75);
    expect(history.disagreement[0]).toBeGreaterThan(0);
    // Without dropout both are the same.
    expect(history.val_disagreement.at(-1)).toBeCloseTo(0, 5);
    expect((await model.evaluate(x, classes)).disagreement).toBeCloseTo(0, 5);
  });
  it('a GAN: two losses in turn, each by the weights of one net and with an optimizer of its own', async () => {
    setRandomSeed(1);
    const generator = new Sequential(
      [input([2]), layers.dense(16, { activation: 'relu' }), layers.dense(1)],
      {
        name: 'generator',
      },
    );
    const discriminator = new Sequential(
      [input([1]), layers.dense(16, { activation: 'relu' }), layers.dense(1)],
      { name: 'discriminator' },
    );
    const [noise, real] = [input([2], { name: 'noise' }), input([1], { name: 'real' })];
    const fake = generator(noise) as SymbolicTensor;
    const outputs = [fake, discriminator(real) as SymbolicTensor];
    const model = new Model({ inputs: [noise, real], outputs });
    const score = (of: SymbolicTensor): SymbolicTensor => discriminator(of) as SymbolicTensor;
    const rates = { learningRate: 0.005, beta1: 0.5 };
    model.compile({
      optimizer: optimizers.adam({
        ...rates,
        groups: [{ weights: [/^discriminator/], optimizer: optimizers.adam(rates) }],
      } as never),
      trainStep: ({ inputs: [, real] }) => {
        const z = ops.randomNormal(ops.concat([real as SymbolicTensor, real as SymbolicTensor]), {});
        const fake = generator(z) as SymbolicTensor;
        // −log σ(s) for what is to be taken for real, −log(1 − σ(s)) for the rest.
        const asReal = (of: SymbolicTensor): SymbolicTensor => ops.mean(ops.softplus(ops.neg(score(of))));
        const asFake = (of: SymbolicTensor): SymbolicTensor => ops.mean(ops.softplus(score(of)));
        const judge = ops.add(asReal(real as SymbolicTensor), asFake(fake));
        const forge = asReal(fake);
        return {
          loss: ops.add(judge, forge),
          minimize: [
            { loss: judge, of: discriminator },
            { loss: forge, of: generator },
          ],
          logs: { judge, forge },
        };
      },
    });
    const data = Float32Array.from({ length: 1024 }, (_, i) => 3 + 0.5 * Math.sin(i * 12.9898) * 1.4);
    const { history } = await model.fit(
      [new Float32Array(2048), data].map((of, i) => tensor(of, { shape: [1024, 2 - i] })),
      null,
      {
        epochs: 60,
        batchSize: 64,
        verbose: 0,
      },
    );
    expect(Object.keys(history).sort()).toEqual(
      ['forge', 'judge', 'loss', 'loss_without_penalty', 'penalty'].sort(),
    );
    const made = await generator.predict(numbers(1000, 2).reshape([1000, 2]));
    const mean = made.data.reduce((a, b) => a + b, 0) / 1000;
    expect(mean).toBeGreaterThan(2);
    expect(mean).toBeLessThan(4);
  });
  it('makes each loss small with the weights that those before it left', async () => {
    const made = (parts: boolean): Model => {
      setRandomSeed(2);
      const [a, b] = [
        layers.dense(1, { useBias: false, name: 'a' }),
        layers.dense(1, { useBias: false, name: 'b' }),
      ];
      const x = input([4]);
      const h = a(x) as SymbolicTensor;
      const model = new Model({ inputs: x, outputs: b(h) as SymbolicTensor });
      const square = ({ x, y }: TrainStepArguments): SymbolicTensor =>
        ops.mean(ops.square(ops.sub(b(a(x) as SymbolicTensor) as SymbolicTensor, y)));
      return model.compile({
        optimizer: optimizers.sgd({ learningRate: 0.1 }),
        loss: 'mse',
        trainStep: (of) => {
          const loss = square(of);
          return {
            loss,
            minimize: parts
              ? [
                  { loss, of: a },
                  { loss, of: b },
                ]
              : [{ loss, of: [a] }],
          };
        },
      }) as Model;
    };
    const labels = tensor(y, { shape: [64, 1] });
    const [both, first] = [made(true), made(false)];
    const before = both.getWeights();
    await both.trainOnBatch(x, labels);
    await first.trainOnBatch(x, labels);
    // The first part is the first alone; the second sees what it left.
    expect(both.getWeights()[0]).toBeAllclose(first.getWeights()[0]!, { relative: 1e-6 });
    expect(first.getWeights()[1]!.data).toEqual(before[1]!.data);
    const [w, v] = [first.getWeights()[0]!.data, before[1]!.data[0] as number];
    const h = Array.from({ length: 64 }, (_, i) =>
      [0, 1, 2, 3].reduce((s, j) => s + (x.data[4 * i + j] as number) * (w[j] as number), 0),
    );
    const slope = h.reduce((s, hi, i) => s + 2 * (hi * v - (y[i] as number)) * hi, 0) / 64;
    expect(both.getWeights()[1]!.data[0]).toBeCloseTo(v - 0.1 * slope, 5);
  });
  it('is saved by its name', async () => {
    const path = join(await mkdtemp(join(tmpdir(), 'ridgeline-')), 'own.ridgeline');
    const model = net().compile({ optimizer: 'sgd', loss: 'mse', trainStep: usual });
    await model.fit(x, y, { verbose: 0 });
    await model.save(path);
    await expect(loadModel(path)).rejects.toThrow(/function 'usual'; pass it/);
    const loaded = await loadModel(path, { custom: { usual } });
    expect((await loaded.evaluate(x, y)).loss).toBeCloseTo((await model.evaluate(x, y)).loss, 6);
    const again = await loaded.fit(x, y, { verbose: 0 });
    expect(again.history.loss[0]).toBeCloseTo(
      (await model.fit(x, y, { verbose: 0 })).history.loss[0] as number,
      5,
    );
  });
  it('says what is wrong with it', async () => {
    const failing = async (trainStep: unknown, more: object = {}): Promise<void> => {
      await net()
        .compile({ optimizer: 'sgd', loss: 'mse', trainStep, ...more } as never)
        .fit(x, y, { verbose: 0 });
    };
    const of = usual as (given: TrainStepArguments) => { loss: SymbolicTensor; outputs: SymbolicTensor };
    expect(() => net().compile({ loss: 'mse', trainStep: 5 } as never)).toThrow(
      /trainStep must be a function/,
    );
    await expect(failing(() => 5)).rejects.toThrow(/trainStep.*what trainStep gives must be \{ loss \}/);
    await expect(failing((given: never) => ({ loss: of(given).outputs }))).rejects.toThrow(/float32 scalar/);
    await expect(failing((given: never) => ({ ...of(given), los: 1 }))).rejects.toThrow(
      /loss, minimize, logs and outputs/,
    );
    await expect(
      failing((given: never) => ({ ...of(given), logs: { loss: of(given).loss } })),
    ).rejects.toThrow(/named as no other number is/);
    await expect(
      failing((given: never) => ({
        ...of(given),
        minimize: [{ loss: of(given).loss, of: layers.dense(2) }],
      })),
    ).rejects.toThrow(/minimize\[0\].of must be layers of the model/);
    await expect(failing((given: never) => ({ loss: of(given).loss }), { metrics: ['mae'] })).rejects.toThrow(
      /outputs of trainStep must be given for the metrics/,
    );
    const model = net().compile({
      trainStep: (given) => ({ loss: given.computeLoss(given.model(given.x)) }),
    });
    await expect(model.fit(x, null)).rejects.toThrow(/loss must be a loss/);
    await expect(model.fit(x, y)).rejects.toThrow(/loss must be a loss, since trainStep computes it/);
  });
});

describe('in the step of a loop', () => {
  const once = async (trainStep: TrainStep): Promise<number> => {
    setRandomSeed(3);
    const model = new Sequential([input([4]), layers.dense(4), layers.dense(1)]);
    const { history } = await model
      .compile({ loss: 'mse', trainStep })
      .fit(x, y, { verbose: 0, shuffle: false });
    return history.loss[0] as number;
  };
  it('the model and its loss can be asked for', async () => {
    const looped = await once(({ model, x, computeLoss }) => {
      const [, losses] = ops.scan((z) => [ops.mul(z, 0.5), computeLoss(model(z))], x, undefined, {
        length: 2,
      });
      return { loss: ops.mean(losses) };
    });
    const written = await once(({ model, x, computeLoss }) => ({
      loss: ops.mul(ops.add(computeLoss(model(x)), computeLoss(model(ops.mul(x, 0.5)))), 0.5),
    }));
    expect(looped).toBeCloseTo(written, 5);
  });
  it('what a step gives must be a tensor of ops', async () => {
    for (const loss of [3, undefined, tensor(3)])
      await expect(once(() => ({ loss: loss as never }))).rejects.toThrow(
        /loss of trainStep must be a float32 scalar of ops, such as ops\.mean\(x\)/,
      );
  });
  it('of no more outputs than there are', async () => {
    const says = /outputs of computeLoss must be as many as the model has, which is 1/;
    await expect(
      once(({ model, x, computeLoss }) => ({ loss: computeLoss([model(x), model(x)]) })),
    ).rejects.toThrow(says);
    await expect(
      once(({ model, x, computeLoss }) => ({ loss: computeLoss(model(x)), outputs: [model(x), model(x)] })),
    ).rejects.toThrow(/outputs of trainStep must be as many/);
  });
});

describe('valueAndGrad', () => {
  it('computes at once on concrete tensors', () => {
    const slope = ops.valueAndGrad((a, b) =>
      ops.sum(ops.mul(ops.square(a as SymbolicTensor), b as SymbolicTensor)),
    );
    const [value, [da, db]] = slope(tensor([1, 2]), tensor([3, 4]));
    expect([value.toArray(), da?.toArray(), db?.toArray()]).toEqual([19, [6, 16], [1, 4]]);
    const [, [none]] = ops.valueAndGrad(() => ops.sum(tensor([1])) as never)(tensor([1, 2]));
    expect(none?.toArray()).toEqual([0, 0]);
  });
  it('differentiates layers with respect to inputs and weights', () => {
    const layer = layers.lstm(3);
    const of = numbers(2, 12).reshape([2, 3, 4]);
    layer(of);
    const [value, gradients] = ops.valueAndGrad((x) =>
      ops.sum(ops.square(layer(x as SymbolicTensor) as SymbolicTensor)),
    )(of as never, ...(layer.weights as never[]));
    expect(gradients.map(({ shape }) => shape)).toEqual([
      [2, 3, 4],
      ...layer.weights.map(({ shape }) => shape),
    ]);
    const moved = new Float32Array(of.data);
    moved[5] = (moved[5] as number) + 1e-2;
    const loss = (at: Float32Array): number =>
      (layer(tensor(at, { shape: [2, 3, 4] })) as unknown as { data: Float32Array }).data.reduce(
        (s, h) => s + h * h,
        0,
      );
    const quotient = (loss(moved) - loss(of.data as Float32Array)) / 1e-2;
    expect(Number(value.toArray())).toBeCloseTo(loss(of.data as Float32Array), 5);
    expect(gradients[0]!.data[5]).toBeCloseTo(quotient, 2);
  });
  it('stands in a loss: a penalty on the slope of a net', async () => {
    const critic = new Sequential([input([4]), layers.dense(8, { activation: 'tanh' }), layers.dense(1)]);
    critic.compile({
      optimizer: optimizers.adam({ learningRate: 0.01 }),
      loss: 'mse',
      trainStep: ({ model, x, computeLoss }) => {
        const [, [slope]] = ops.valueAndGrad((at) => ops.sum(model(at as SymbolicTensor)))(x);
        const length = ops.sqrt(ops.add(ops.sum(ops.square(slope as SymbolicTensor), { axis: -1 }), 1e-6));
        const penalty = ops.mean(ops.square(ops.sub(length, 1)));
        return {
          loss: ops.add(ops.mul(computeLoss(model(x)), 0), penalty),
          logs: { slope: ops.mean(length) },
        };
      },
    });
    const { history } = await critic.fit(x, y, { epochs: 60, verbose: 0 });
    expect(history.slope?.at(-1)).toBeCloseTo(1, 1);
  });
  // As jax.value_and_grad: 4, 16 and 1, 2 and 1, 4.
  it('has the gradient of its argument alone, at once and traced', async () => {
    type F = (x: SymbolicTensor) => SymbolicTensor;
    const slopes: [F, number[]][] = [
      [
        (x) => {
          const y = ops.mul(x, 2);
          return ops.valueAndGrad((u) => ops.sum(ops.mul(ops.square(u), y)))(x)[1][0] as SymbolicTensor;
        },
        [4, 16],
      ],
      [(x) => ops.valueAndGrad((u) => ops.sum(ops.mul(u, x)))(x)[1][0] as SymbolicTensor, [1, 2]],
      [
        (x) =>
          ops.valueAndGrad((u, v) => ops.sum(ops.mul(u as SymbolicTensor, ops.square(v as SymbolicTensor))))(
            x,
            x,
          )[1][0] as SymbolicTensor,
        [1, 4],
      ],
    ];
    for (const [slope, expected] of slopes) {
      expect((slope(tensor([[1, 2]]) as never) as unknown as Tensor).toArray()).toEqual([expected]);
      const at = input([2]);
      const model = new Model({ inputs: at, outputs: layers.lambda(slope)(at as never) as SymbolicTensor });
      expect((await model.predict([[1, 2]])).toArray()).toEqual([expected]);
    }
    // Of a weight what came of it before is constant too.
    class Weighing extends Layer {
      static override readonly className = 'Weighing';
      #w!: Weight;
      override build(): void {
        this.#w = this.addWeight('w', { shape: [2], initializer: 'ones' });
      }
      override call(x: SymbolicTensor): SymbolicTensor {
        const y = ops.mul(this.#w, 5);
        const [, [slope]] = ops.valueAndGrad((w) => ops.sum(ops.mul(w, y)))(this.#w as never);
        return ops.add(ops.mul(x, 0), slope as never) as SymbolicTensor;
      }
    }
    expect((new Weighing()(tensor([[1, 2]]) as never) as unknown as Tensor).toArray()).toEqual([[5, 5]]);
    // The outer gradient flows through the argument of the inner one.
    const second = ops.valueAndGrad((x) => {
      const [, [slope]] = ops.valueAndGrad((u) => ops.sum(ops.mul(ops.square(u), u)))(x);
      return ops.sum(slope as SymbolicTensor);
    });
    expect(second(tensor([1, 2]))[1][0]?.toArray()).toEqual([6, 12]);
  });
  // Numerically: the slope of the squared length of a gradient.
  it('can be had of a gradient', () => {
    const norm = layers.layerNormalization();
    const at = tensor([
      [0.3, -0.8, 1.1, 0.4],
      [-1.2, 0.7, 0.2, -0.5],
    ]);
    norm(at);
    norm.setWeights([tensor([0.5, 1.5, -1, 2]), tensor([0.1, 0, 0, 0.3])]);
    const weighted = (y: SymbolicTensor): SymbolicTensor =>
      ops.sum(ops.mul(ops.square(y), tensor([1, -2, 3, 0.5]))) as SymbolicTensor;
    const crossentropy = layers.activation('softmax');
    const labels = tensor(Int32Array.of(2, 0));
    const loss = losses.sparseCategoricalCrossentropy();
    const of: ((x: SymbolicTensor) => SymbolicTensor)[] = [
      (x) => weighted(ops.softmax(x)),
      (x) => weighted(ops.logSoftmax(x)),
      (x) => weighted(norm(x)),
      (x) => ops.sum(loss.call(ops.add(labels, 0) as never, crossentropy(x))) as SymbolicTensor,
    ];
    for (const f of of) {
      const steep = (x: SymbolicTensor): SymbolicTensor => {
        const [, [slope]] = ops.valueAndGrad((u) => f(u as SymbolicTensor))(x);
        return ops.sum(ops.square(slope as SymbolicTensor)) as SymbolicTensor;
      };
      const [, [found]] = ops.valueAndGrad((x) => steep(x as SymbolicTensor))(at as never);
      const value = (i: number, by: number): number => {
        const moved = Float32Array.from(at.data as Float32Array, (x, k) => (k === i ? x + by : x));
        return Number(steep(tensor(moved, { shape: at.shape }) as never));
      };
      const numeric = Array.from(
        at.data as Float32Array,
        (_, i) => (value(i, 5e-3) - value(i, -5e-3)) / 1e-2,
      );
      for (const [i, slope] of numeric.entries())
        expect(Math.abs((found?.data[i] as number) - slope)).toBeLessThan(2e-2 * (1 + Math.abs(slope)));
    }
    // Of an op whose inputs depend on each other, the first one.
    const gru = layers.gru(2);
    const last = (x: SymbolicTensor): SymbolicTensor =>
      ops.sum(gru(ops.expandDims(x, 1), { initialState: ops.slice(ops.square(x), 0, 2, 1) }));
    const [, [slope]] = ops.valueAndGrad((x) => last(x as SymbolicTensor))(at as never);
    for (let i = 0; i < 8; i++) {
      const moved = (by: number): number => {
        const data = Float32Array.from(at.data as Float32Array, (x, k) => (k === i ? x + by : x));
        return Number(last(tensor(data, { shape: at.shape }) as never));
      };
      expect(slope?.data[i]).toBeCloseTo((moved(1e-2) - moved(-1e-2)) / 2e-2, 2);
    }
    const lstm = layers.lstm(2);
    expect(() =>
      ops.valueAndGrad((x) =>
        ops.sum(ops.valueAndGrad((u) => ops.sum(lstm(u as SymbolicTensor)))(x)[1][0] as SymbolicTensor),
      )(tensor([[[1, 2]]]) as never),
    ).toThrow(/a gradient of a gradient of 'recurrence' cannot be had/);
  });
  it('goes by what a gradient does not flow through', () => {
    const doubled = (x: SymbolicTensor): SymbolicTensor =>
      ops.whileLoop(
        (y) => ops.less(y, 10),
        (y) => ops.mul(y, 2),
        x,
      );
    const [value, [slope]] = ops.valueAndGrad((x) => ops.mul(x, doubled(ops.stopGradient(x))))(tensor(3));
    expect([value.toArray(), slope?.toArray()]).toEqual([36, 12]);
    expect(() => ops.valueAndGrad((x) => ops.mul(x, doubled(x)))(tensor(3))).toThrow(/no gradient/);
  });
  it('says what is wrong', () => {
    for (const given of [undefined, null, '5', 5n, Promise.resolve(), [tensor(1)]])
      expect(() => ops.valueAndGrad(() => given as never)(tensor([1, 2]))).toThrow(
        /what fn gives must be a float32 scalar/,
      );
    expect(() => ops.valueAndGrad(5 as never)).toThrow(/fn must be a function/);
    expect(() => ops.valueAndGrad((x) => x as SymbolicTensor)(tensor([1, 2]))).toThrow(/float32 scalar/);
    expect(() => ops.valueAndGrad((x) => x as SymbolicTensor)()).toThrow(/tensors or weights/);
  });
});
