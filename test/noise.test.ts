/**
 * Layers that are noise while training: what they do to numbers, and what the noise depends on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  type Layer,
  layers,
  loadModel,
  Model,
  ops,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { bits, expectFailure, numbers } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-noise-'));
afterAll(() => rmSync(folder, { recursive: true }));

const N = 200_000;
const filled = (value: number, shape = [N / 100, 100]): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(value), { shape });

/** Mean and variance, and those of their estimates for `n` normal numbers, which bound the error. */
function moments(of: Tensor): { mean: number; variance: number } {
  const data = [...of.data];
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  return { mean, variance: data.reduce((sum, x) => sum + (x - mean) ** 2, 0) / data.length };
}
const train = (layer: Layer, x: Tensor): Tensor => layer(x, { training: true } as never) as unknown as Tensor;

describe('in training', () => {
  // Within five standard errors.
  test('gaussian noise has its deviation', () => {
    const { mean, variance } = moments(train(layers.gaussianNoise(0.5), filled(3)));
    expect(Math.abs(mean - 3)).toBeLessThan((5 * 0.5) / Math.sqrt(N));
    expect(Math.abs(variance - 0.25)).toBeLessThan((5 * 0.25 * Math.SQRT2) / Math.sqrt(N));
  });

  test('gaussian dropout keeps the mean, and has the variance of dropout', () => {
    const rate = 0.4;
    const expected = (rate / (1 - rate)) * 4;
    const { mean, variance } = moments(train(layers.gaussianDropout(rate), filled(2)));
    expect(Math.abs(mean - 2)).toBeLessThan((5 * Math.sqrt(expected)) / Math.sqrt(N));
    expect(Math.abs(variance - expected)).toBeLessThan((5 * expected * Math.SQRT2) / Math.sqrt(N));
  });

  test('alpha dropout keeps mean 0 and variance 1', () => {
    const normal = train(layers.gaussianNoise(1), filled(0));
    const dropped = train(layers.alphaDropout(0.3), normal);
    const { mean, variance } = moments(dropped);
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(N));
    expect(Math.abs(variance - 1)).toBeLessThan(10 / Math.sqrt(N));
    // The share that it took all have one value.
    const counts = new Map<number, number>();
    for (const value of dropped.data) counts.set(value, (counts.get(value) ?? 0) + 1);
    const share = Math.max(...[...counts.values()].slice(0, 1000)) / N;
    expect(Math.abs(share - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / N));
  });

  test('spatial dropout takes whole channels', () => {
    const [samples, steps, channels] = [40, 5, 50] as const;
    const y = train(layers.spatialDropout1d(0.5), filled(1, [samples, steps, channels])).toArray<
      number[][][]
    >();
    let zeros = 0;
    for (const sample of y) {
      for (let c = 0; c < channels; c++) {
        const column = sample.map((row) => row[c]);
        expect(new Set(column).size).toBe(1);
        expect([0, 2]).toContain(column[0]);
        if (column[0] === 0) zeros += 1;
      }
    }
    expect(Math.abs(zeros / (samples * channels) - 0.5)).toBeLessThan(
      5 * Math.sqrt(0.25 / (samples * channels)),
    );
    const image = train(layers.spatialDropout2d(0.5), filled(1, [2, 3, 3, 8])).toArray<number[][][][]>();
    expect(new Set(image[0]!.flat().map((pixel) => pixel.join())).size).toBe(1);
    expect(train(layers.spatialDropout3d(0.5), filled(1, [2, 2, 2, 2, 4])).shape).toEqual([2, 2, 2, 2, 4]);
  });

  test('spatial dropout of other ranks is refused', async () => {
    await expectFailure(() => layers.spatialDropout1d(0.5)(filled(1)), 'ERR_SHAPE', /3 axes, channels last/);
  });
});

const makers: [string, () => Layer][] = [
  ['gaussianNoise', () => layers.gaussianNoise(0.5)],
  ['gaussianDropout', () => layers.gaussianDropout(0.5)],
  ['alphaDropout', () => layers.alphaDropout(0.5)],
  ['alphaDropout of shared masks', () => layers.alphaDropout(0.5, { noiseShape: [null, 1] })],
  ['spatialDropout1d', () => layers.spatialDropout1d(0.5)],
];
describe.each(makers)('%s', (name, make) => {
  const shape = name.startsWith('spatial') ? [6, 4] : [24];
  const x = numbers(64, 24).reshape([64, ...shape]);
  const model = (): Model => {
    setRandomSeed(11);
    const net = [layers.input(shape), layers.dense(8), make(), layers.flatten(), layers.dense(1)];
    return new Sequential(net).compile({ optimizer: 'sgd', loss: 'mse' });
  };

  test('does nothing outside training', () => {
    expect([...(make()(x) as unknown as Tensor).data]).toEqual([...x.data]);
  });

  test('is new for every step, and the same for any number of threads', async () => {
    const layer = make();
    expect([...train(layer, x).data]).not.toEqual([...train(layer, x).data]);
    const fit = async (threads: number): Promise<number[]> => {
      const net = model();
      await net.fit(x, numbers(64, 1), { epochs: 2, batchSize: 20, threads });
      return bits(net);
    };
    expect(await fit(2)).toEqual(await fit(1));
  });
});

describe('lambda', () => {
  function halves(x: SymbolicTensor): SymbolicTensor {
    return ops.mul(x, 0.5);
  }
  test('is saved by the name of its function', async () => {
    const net = new Sequential([layers.input([4]), layers.lambda(halves)]);
    const path = join(folder, 'lambda');
    await net.save(path);
    const x = numbers(3, 4);
    expect(await (await loadModel(path, { custom: { halves } })).predict(x)).toEqual(await net.predict(x));
    await expectFailure(() => loadModel(path), 'ERR_ARGUMENT', /halves/);
  });
  test.each([
    ['nothing', undefined],
    ['a class', class {}],
    ['a name', 'relu'],
  ])('of %s is refused', async (_, given) => {
    await expectFailure(() => layers.lambda(given as never), 'ERR_ARGUMENT', /^function must be/);
  });
});

describe('random ops', () => {
  test.each([
    [2 ** 24, 2 ** 24 + 2],
    [10, 11],
    [-11, -10],
    [-1, 0],
    [3, 3],
  ])('uniform ones from %d do not reach %d', (minval, maxval) => {
    const drawn = ops.randomUniform(tensor(new Float32Array(400_000)), { minval, maxval });
    const data = Array.from(drawn.data);
    const most = data.reduce((a, b) => Math.max(a, b));
    expect(data.reduce((a, b) => Math.min(a, b))).toBeGreaterThanOrEqual(minval);
    if (minval === maxval) expect(most).toBe(maxval);
    else expect(most).toBeLessThan(maxval);
  });
  const many = tensor(new Float32Array(200_000), { shape: [200, 1000] });
  test.each<[string, () => Tensor, [number, number]]>([
    ['normal', () => ops.randomNormal(many), [0, 1]],
    ['normal of other moments', () => ops.randomNormal(many, { mean: 3, stddev: 0.5 }), [3, 0.5]],
    ['uniform', () => ops.randomUniform(many), [0.5, Math.sqrt(1 / 12)]],
    [
      'uniform between others',
      () => ops.randomUniform(many, { minval: -1, maxval: 3 }),
      [1, 4 * Math.sqrt(1 / 12)],
    ],
    ['of two values', () => ops.randomBernoulli(many, 0.3), [0.3, Math.sqrt(0.21)]],
  ])('%s: have their moments, and are new with every call', (_, draw, [mean, deviation]) => {
    setRandomSeed(3);
    const [first, second] = [draw(), draw()];
    const { mean: found, variance } = moments(first);
    // Five standard errors of 200,000 numbers.
    expect(Math.abs(found - mean)).toBeLessThan((5 * deviation) / Math.sqrt(200_000));
    expect(variance / deviation ** 2).toBeCloseTo(1, 1);
    expect(second.data).not.toEqual(first.data);
    setRandomSeed(3);
    expect(draw().data).toEqual(first.data);
  });

  test('are new for every step and batch in a model, and the same for any threads', async () => {
    const model = (): Model => {
      setRandomSeed(5);
      const x = input([3]);
      return new Model({
        inputs: x,
        outputs: ops.add(ops.randomUniform(x), ops.mul(ops.randomNormal(x), 10)),
      });
    };
    const [one, two] = [model(), model()];
    const zeros = tensor(new Float32Array(300), { shape: [100, 3] });
    const first = await one.predict(zeros, { threads: 1 });
    expect(new Set(first.data).size).toBeGreaterThan(295);
    expect((await two.predict(zeros, { threads: 2 })).data).toEqual(first.data);
    expect((await one.predict(zeros)).data).not.toEqual(first.data);
  });

  test('of other sizes, where that of the batch is known when it comes', async () => {
    const x = input([4, 3]);
    const noise = ops.randomNormal(x, { shape: [null, 5] });
    const whole = ops.zerosLike(x, [null, 2, 3, 1]);
    const ones = ops.onesLike(input([2], { dtype: 'int32' }), [null]);
    expect([noise.shape, whole.shape, ones.shape, ones.dtype]).toEqual([
      [null, 5],
      [null, 2, 3, 1],
      [null],
      'int32',
    ]);
    const model = new Model({ inputs: x, outputs: [noise, whole] });
    const [drawn, none] = (await model.predict(ops.zeros([50, 4, 3]))) as [Tensor, Tensor];
    expect(drawn.shape).toEqual([50, 5]);
    expect(new Set(drawn.data).size).toBeGreaterThan(240);
    expect(none).toMatchObject({ shape: [50, 2, 3, 1], data: new Float32Array(300) });
    expect(ops.randomUniform(tensor(3), { shape: [2, 2] }).shape).toEqual([2, 2]);
    expect(ops.onesLike(tensor([Number.NaN, 1]), [null, 2]).toArray()).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(() => ops.randomNormal(x, { shape: [2, 2, 2, null] })).toThrow(
      /^shape must be a list of sizes, null for/,
    );
  });
  test('of classes: each as often as its share, -Infinity never', () => {
    setRandomSeed(3);
    const logits = tensor([
      [Math.log(5), Math.log(3), Number.NEGATIVE_INFINITY, Math.log(2)],
      [0, 9, 0, 0],
    ]);
    const drawn = ops.randomCategorical(logits, 100_000);
    expect(drawn).toMatchObject({ dtype: 'int32', shape: [2, 100_000] });
    const counts = [0, 0, 0, 0];
    for (const index of drawn.data.subarray(0, 100_000)) counts[index]! += 1e-5;
    for (const [i, share] of [0.5, 0.3, 0, 0.2].entries()) {
      // Five standard errors of 100,000 draws.
      expect(Math.abs(counts[i]! - share)).toBeLessThanOrEqual(5 * Math.sqrt((share * (1 - share)) / 1e5));
    }
    expect(ops.randomCategorical(logits).shape).toEqual([2, 1]);
    expect(() => ops.randomCategorical(logits, 0)).toThrow('samples must be an integer between 1');
  });

  test('take no gradient, and refuse what is out of range', () => {
    const farApart = { minval: -3e38, maxval: 3e38 };
    expect(() => ops.randomUniform(many, farApart)).toThrow('above minval by what float32 holds');
    expect(() => ops.randomUniform(many, { minval: 2 })).toThrow('maxval must be a finite number ≥ minval');
    expect(() => ops.randomNormal(many, { stddev: -1 })).toThrow('stddev must be a finite number ≥ 0');
    expect(() => ops.randomBernoulli(many, 2)).toThrow('probability must be in [0, 1]');
    expect(() => ops.randomNormal(3)).toThrow('operand 0 of randomNormal must be a tensor');
    expect(() => ops.scatter(tensor([[0, 9]], { dtype: 'int32' }), tensor([1]), [3, 3])).toThrow(
      'indices must be in',
    );
    const [two, values] = [tensor([[0], [1]], { dtype: 'int32' }), tensor([[1, 2], [3, 4], [5, 6]])]; // biome-ignore format: as it is read
    expect(() => ops.scatter(two, values, [3, 3])).toThrow(
      'values of scatter must have shape [2, 3], received [3, 2]',
    );
    expect(() => ops.scatter(two, tensor([1, 2]), [2 ** 31])).toThrow(
      'shape must be a list of sizes of fewer than 2³¹ elements',
    );
  });
});
