/**
 * Moving averages of weights, and weights that do not decay: what golden trajectories do not say.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  constraints,
  type Layer,
  layers,
  loadModel,
  type Model,
  optimizers,
  regularizers,
  Sequential,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { bits, expectFailure, numbers } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-averages-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
async function again(model: Model): Promise<Model> {
  const path = join(folder, `${files++}`);
  await model.save(path);
  return loadModel(path);
}

const [x, y] = [numbers(40, 6), numbers(40, 1)];
const net = (options: object): Model => {
  setRandomSeed(4);
  return new Sequential([
    layers.input([6]),
    layers.dense(8, { name: 'hidden', activation: 'tanh' }),
    layers.batchNormalization({ name: 'norm' }),
    layers.dense(1, { name: 'out' }),
  ]).compile({ optimizer: optimizers.adam(options), loss: 'mse' });
};

describe('moving averages', () => {
  const ema = { useEma: true, emaMomentum: 0.9, learningRate: 0.05 };
  test('are the weights at the end of fit, and between epochs they are not', async () => {
    const [plain, averaged] = [net({ learningRate: 0.05 }), net(ema)];
    const [a, b]: number[][][] = [[], []];
    await plain.fit(x, y, { epochs: 3, callbacks: [{ onEpochEnd: () => void a!.push(bits(plain)) }] });
    await averaged.fit(x, y, { epochs: 3, callbacks: [{ onEpochEnd: () => void b!.push(bits(averaged)) }] });
    expect(b).toEqual(a);
    expect(bits(averaged)).not.toEqual(bits(plain));
  });

  test('are there when callbacks hear of the end, and the best weights come after them', async () => {
    const model = net(ema);
    let [last, end]: number[][] = [[], []];
    const callback = {
      onEpochEnd: (): void => {
        last = bits(model);
      },
      onTrainEnd: (): void => {
        end = bits(model);
      },
    };
    await model.fit(x, y, { epochs: 2, callbacks: [callback] });
    expect(end).not.toEqual(last);
    expect(bits(model)).toEqual(end);
  });

  test('go on from a file, bit for bit, and for any number of threads', async () => {
    const options = { ...ema, emaOverwriteFrequency: 5 };
    const train = async (between: (of: Model) => Promise<Model>, threads: number): Promise<number[]> => {
      let of = net(options);
      await of.fit(x, y, { epochs: 2, threads });
      of = await between(of);
      await of.fit(x, y, { initialEpoch: 2, epochs: 4, threads });
      return bits(of);
    };
    const whole = await train(async (of) => of, 1);
    expect(await train(again, 1)).toEqual(whole);
    expect(await train(async (of) => of, 2)).toEqual(whole);
  });

  test('of a weight that was frozen at first begin with it', async () => {
    const model = net({ ...ema, learningRate: 0 });
    (model.layers[0] as Layer).trainable = false;
    await model.fit(x, y, { epochs: 2 });
    (model.layers[0] as Layer).trainable = true;
    const before = model.layers[0]!.getWeights();
    await model.fit(x, y);
    for (const [i, weight] of model.layers[0]!.getWeights().entries()) {
      const [a, b] = [weight.data, before[i]!.data];
      a.forEach((value: number, k: number) => {
        expect(value).toBeCloseTo(b[k]!, 6);
      });
    }
  });

  test('are not taken when a fit is aborted', async () => {
    const [plain, averaged, abort] = [net({ learningRate: 0.05 }), net(ema), new AbortController()];
    const stop = {
      onEpochEnd: (epoch: number): void => void (epoch === 1 && abort.abort(new Error('enough'))),
    };
    await plain.fit(x, y, { epochs: 2 });
    await expect(averaged.fit(x, y, { epochs: 4, callbacks: [stop], signal: abort.signal })).rejects.toThrow(
      'enough',
    );
    expect(bits(averaged)).toEqual(bits(plain));
  });

  test('follow every batch where gradients accumulate', async () => {
    const kernelInitializer = 'ones' as const;
    const model = new Sequential([layers.input([1]), layers.dense(1, { useBias: false, kernelInitializer })]);
    const learning = { learningRate: 0.1, gradientAccumulationSteps: 2 };
    model.compile({
      optimizer: optimizers.sgd({ ...learning, useEma: true, emaMomentum: 0.9 }),
      loss: 'mse',
    });
    await model.fit(Array(5).fill([1]), Array(5).fill(0), { batchSize: 1, shuffle: false });
    // 1, then 0.8 twice, then 0.64 twice; the average begins anew until the first update. As Keras 3.15 has it.
    expect(model.getWeights()[0]?.data[0]).toBeCloseTo(0.7696, 6);
    const resumed = await again(model as Model);
    for (const of of [model, resumed])
      await of.fit(Array(3).fill([1]), Array(3).fill(0), { batchSize: 1, shuffle: false });
    expect(bits(resumed)).toEqual(bits(model as Model));
  });

  test('where gradients accumulate, a constraint comes once with each batch', async () => {
    const kernelConstraint = constraints.minMaxNorm({ minValue: 0.3, maxValue: 0.5, rate: 0.7 });
    const layer = layers.dense(1, { useBias: false, kernelConstraint });
    const model = new Sequential([layers.input([2]), layer]);
    layer.setWeights([tensor([[2], [-1]])]);
    model.compile({ loss: 'mse', optimizer: optimizers.sgd(0.1, { gradientAccumulationSteps: 2 }) });
    // As Keras 3.15 on JAX has it; twice with the second batch would give -0.3537, -0.3993.
    for (const expected of [
      [0.913, -0.4565],
      [-0.0682, -0.5334],
    ]) {
      // biome-ignore format: a matrix
      await model.trainOnBatch([[1, 2], [3, 1]], [[1], [0]]); // biome-ignore format: matrices
      for (const [i, x] of expected.entries()) expect(layer.getWeights()[0]?.data[i]).toBeCloseTo(x, 3);
    }
  });

  test('where gradients accumulate, a penalty is that of the weights of each batch', async () => {
    const [kernelRegularizer, kernelConstraint] = [regularizers.l2(0.5), constraints.maxNorm(0.5)];
    const layer = layers.dense(1, { useBias: false, kernelRegularizer, kernelConstraint });
    const model = new Sequential([layers.input([2]), layer]);
    layer.setWeights([tensor([[3], [4]])]);
    model.compile({ loss: 'mse', optimizer: optimizers.sgd(0.1, { gradientAccumulationSteps: 2 }) });
    for (let i = 0; i < 2; i++) await model.trainOnBatch([[1, -1]], [[0]]);
    // As Keras 3.15 has it: the constraint brings the weights to (0.3, 0.4) between the two.
    for (const [i, x] of [0.245, 0.07].entries()) expect(layer.getWeights()[0]?.data[i]).toBeCloseTo(x, 6);
  });

  test.each<[object, RegExp]>([
    [{ useEma: 1 }, /^useEma must be a boolean/],
    [{ emaMomentum: 1.5 }, /^emaMomentum must be in \[0, 1\]/],
    [{ emaOverwriteFrequency: 0 }, /^emaOverwriteFrequency must be an integer ≥ 1/],
  ])('%o is refused', async (options, says) => {
    await expectFailure(() => optimizers.sgd(options), 'ERR_ARGUMENT', says);
  });
});

describe('weights that do not decay', () => {
  /** Paths of the weights that a step with a learning rate but no gradient makes smaller. */
  async function decayed(model: Model): Promise<string[]> {
    const weights = model.trainableWeights;
    const before = weights.map((weight) => {
      const ones = weight.read().data.map((value: number) => value + 1);
      weight.write(tensor(ones, { shape: weight.shape }));
      return ones;
    });
    await model.trainOnBatch(x, y);
    return weights.flatMap((weight, i) =>
      weight.read().data.some((value: number, k: number) => value !== before[i]![k]) ? [weight.path] : [],
    );
  }
  const all = ['hidden/kernel', 'hidden/bias', 'norm/gamma', 'norm/beta', 'out/kernel', 'out/bias'];
  const without = (pattern: RegExp): string[] => all.filter((path) => !pattern.test(path));

  test.each<[string, unknown, string[]]>([
    ['a name', ['bias'], without(/bias/)],
    ['several names', ['bias', 'gamma', 'beta'], ['hidden/kernel', 'out/kernel']],
    ['a layer', ['norm'], without(/norm/)],
    ['a path', ['out/kernel'], without(/out\/kernel/)],
    ['a pattern', [/^(hidden|out)\//g], ['norm/gamma', 'norm/beta']],
    ['part of a name', ['kern'], without(/kernel/)],
    ['none', [], all],
  ])('by %s', async (_, excludeFromWeightDecay, expected) => {
    // With beta1 and beta2 of 0 and so large an epsilon the update itself is nothing.
    const options = { learningRate: 1e-3, weightDecay: 0.5, epsilon: 1e30, excludeFromWeightDecay } as never;
    expect(await decayed(net(options))).toEqual(expected);
    expect(await decayed(await again(net(options)))).toEqual(expected);
  });

  test.each([[[3]], [['']], [[null]], [[{ source: '(', flags: '' }]]])('%o is refused', async (given) => {
    await expectFailure(
      () => optimizers.sgd({ excludeFromWeightDecay: given as never }),
      'ERR_ARGUMENT',
      /^excludeFromWeightDecay must be names of weights or layers, or patterns of their paths/,
    );
  });
});

test('a pattern that means no weight is refused before anything is trained', async () => {
  const model = new Sequential([layers.input([2]), layers.dense(1)]);
  const optimizer = optimizers.adamW({ excludeFromWeightDecay: ['norm'] });
  model.compile({ optimizer, loss: 'mse' });
  await expectFailure(
    () => model.fit([[1, 2]], [1], { verbose: 0 }),
    'ERR_ARGUMENT',
    /^excludeFromWeightDecay must be patterns of weights such as dense\/kernel, dense\/bias, received 'norm'/,
  );
});

describe('swapEmaWeights', () => {
  const ema = { useEma: true, emaMomentum: 0.9, learningRate: 0.05 };
  const held = [numbers(20, 6), numbers(20, 1)] as const;

  test('validates with the averages, and trains on with the weights', async () => {
    const [plain, swapped] = [net(ema), net(ema)];
    const options = { epochs: 4, validationData: [...held] as [typeof x, typeof y], verbose: 0 } as const;
    const expected = await plain.fit(x, y, options);
    const tested: number[][] = [];
    const after: number[][] = [];
    const script = {
      onTestBegin: () => void tested.push(bits(swapped)),
      onEpochEnd: () => void after.push(bits(swapped)),
    };
    const { history } = await swapped.fit(x, y, {
      ...options,
      callbacks: [callbacks.swapEmaWeights(), script],
    });
    expect(history.loss).toEqual(expected.history.loss);
    expect(history.val_loss).not.toEqual(expected.history.val_loss);
    tested.forEach((weights, i) => void expect(weights).not.toEqual(after[i]));
    // The averages of the last epoch are the weights in the end.
    expect(bits(swapped)).toEqual(tested.at(-1));
    expect(bits(swapped)).toEqual(bits(plain));
    expect((await swapped.evaluate(...held)).loss).toBeCloseTo(history.val_loss!.at(-1)!, 6);
  });

  test('leaves them in place for callbacks behind it, in memory and in batches', async () => {
    const path = join(folder, 'swapped');
    const [whole, parts] = [net(ema), net(ema)];
    const seen: number[][] = [];
    const at = (model: Model) => [
      callbacks.swapEmaWeights({ swapOnEpoch: true }),
      { onEpochEnd: () => void seen.push(bits(model)) },
      callbacks.modelCheckpoint(path),
    ];
    const options = {
      epochs: 3,
      shuffle: false,
      validationData: [...held] as [typeof x, typeof y],
      verbose: 0,
    } as const;
    const one = await whole.fit(x, y, { ...options, batchSize: 20, callbacks: at(whole) });
    const batches = function* () {
      for (let i = 0; i < 40; i += 20) yield { x: x.rows(i, i + 20), y: y.rows(i, i + 20) };
    };
    const two = await parts.fit(batches, { ...options, callbacks: at(parts) });
    expect(two.history.val_loss).toEqual(one.history.val_loss);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
    expect(bits(whole)).toEqual(seen[2]);
    expect(bits(await loadModel(path))).toEqual(seen[2]);
  });

  test('goes on from a file that was written while they were in place', async () => {
    const path = join(folder, 'between');
    const at = () => [callbacks.swapEmaWeights({ swapOnEpoch: true }), callbacks.modelCheckpoint(path)];
    const whole = net(ema);
    const expected = await whole.fit(x, y, { epochs: 4, callbacks: at() });
    await net(ema).fit(x, y, { epochs: 2, callbacks: at() });
    const resumed = await loadModel(path);
    const found = await resumed.fit(x, y, { initialEpoch: 2, epochs: 4, callbacks: at() });
    expect(found.history.loss).toEqual(expected.history.loss!.slice(2));
    expect(bits(resumed)).toEqual(bits(whole));
  });

  test('an aborted fit leaves the weights', async () => {
    const [plain, swapped] = [net(ema), net(ema)];
    const run = async (model: Model, more: object[]): Promise<void> => {
      const abort = new AbortController();
      const stop = { onEpochEnd: (epoch: number) => epoch === 1 && abort.abort() } as never;
      const options = { epochs: 9, signal: abort.signal, callbacks: [...more, stop] };
      await expect(model.fit(x, y, options)).rejects.toThrow();
    };
    await run(plain, []);
    await run(swapped, [callbacks.swapEmaWeights({ swapOnEpoch: true })]);
    expect(bits(swapped)).toEqual(bits(plain));
  });

  test('wants averages', async () => {
    const run = () => net({}).fit(x, y, { callbacks: [callbacks.swapEmaWeights()] });
    await expectFailure(run, 'ERR_ARGUMENT', /swapEmaWeights must be with an optimizer that has useEma/);
  });
});
