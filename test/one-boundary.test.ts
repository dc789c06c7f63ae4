/**
 * Whatever reads a model while it trains sees all of its weights as they were between two steps: two layers that begin
 * alike and get the same gradients are equal whenever they are looked at.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  input,
  layers,
  loadModel,
  Model,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { afterAll, expect, test } from 'vitest';
import { long } from './support/long.js';
import { initializersIn } from './support/onnx.js';
import { numbers } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-boundary-'));
afterAll(() => rmSync(folder, { recursive: true }));

const WIDTH = 300;
const [x, y] = [numbers(128, WIDTH), numbers(128, WIDTH)];
const some = numbers(3, WIDTH);

/** The sum of two twins, to train, and both of them, to look at. */
function twins(): { sum: Model; both: Model } {
  setRandomSeed(7);
  const at = input([WIDTH]);
  const outputs = ['a', 'b'].map((name) => {
    const kernelInitializer = { name: 'glorotUniform', seed: 5 } as const;
    return layers.dense(WIDTH, { name, kernelInitializer })(at) as SymbolicTensor;
  });
  const both = new Model({ inputs: at, outputs }) as Model;
  const sum = new Model({ inputs: at, outputs: layers.add()(outputs) as SymbolicTensor });
  return { both, sum: sum.compile({ optimizer: 'adam', loss: 'mse' }) as Model };
}

type Bytes = Uint8Array<ArrayBufferLike>;
const bytesOf = ({ data }: Tensor): Bytes => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
/** Kernel and bias of one twin after the other. */
const weightsOf = (model: Model): Bytes[] => model.getWeights().map(bytesOf);
const initializersOf = (bytes: Uint8Array): Bytes[] => {
  const found = initializersIn(bytes);
  return ['a/kernel', 'a/bias', 'b/kernel', 'b/bias'].map((name) => found.get(name) as Bytes);
};

let files = 0;
const newFile = (): string => join(folder, `${files++}`);

/** Ways to look: each gives the one twin's numbers, then the other's. */
const looks: Record<string, (of: { sum: Model; both: Model }, i: number) => Bytes[] | Promise<Bytes[]>> = {
  getWeights: ({ sum }) => weightsOf(sum),
  'save and loadModel': async ({ sum }) => {
    const path = newFile();
    await sum.save(path);
    const loaded = await loadModel(path);
    const weights = weightsOf(loaded);
    // The optimizer's state is of the same moment, so they stay equal.
    await loaded.fit(x, y);
    return [
      weights.slice(0, 2),
      weightsOf(loaded).slice(0, 2),
      weights.slice(2),
      weightsOf(loaded).slice(2),
    ].flat();
  },
  predict: async ({ both }) => ((await both.predict(some)) as unknown as Tensor[]).map(bytesOf),
  'predict of many rows': async ({ both }) => ((await both.predict(x)) as unknown as Tensor[]).map(bytesOf),
  predictSync: ({ both }) => (both.predictSync(some) as unknown as Tensor[]).map(bytesOf),
  'export to bytes': async ({ both }) => initializersOf(await both.export()),
  'export to a file': async ({ sum }) => {
    const path = newFile();
    await sum.export(path);
    return initializersOf(readFileSync(path));
  },
};

test.each(Object.entries(looks))('%s', { timeout: 120_000 }, async (_, look) => {
  const of = twins();
  const { sum } = of;
  const controller = new AbortController();
  const fit = sum.fit(x, y, { epochs: 1e6, signal: controller.signal }).catch((error) => error);
  const seen = new Set<string>();
  try {
    for (let i = 0; i < (long ? 500 : 40); i++) {
      // At any time within a step.
      await sleep(i % 3);
      const numbers = await look(of, i);
      const half = numbers.length / 2;
      for (let k = 0; k < half; k++)
        expect(Buffer.compare(numbers[k]!, numbers[k + half]!), `look ${i}`).toBe(0);
      seen.add(Buffer.from(numbers[0]!.subarray(0, 64)).toString('hex'));
    }
  } finally {
    controller.abort();
  }
  expect(((await fit) as Error).name).toBe('AbortError');
  // The weights changed meanwhile, or nothing was shown.
  expect(seen.size).toBeGreaterThan(10);
  const [a, , b] = weightsOf(sum);
  expect(Buffer.compare(a!, b!)).toBe(0);
});

/** Rows that are all alike: numbers of one moment are too. */
const alike = tensor(new Float32Array(1600 * 8).fill(1), { shape: [1600, 8] });
const batchesOf = function* () {
  for (let i = 0; i < 20; i++) yield { x: alike.rows(0, 40) };
};

/** Ways to look at several batches, which give numbers that are equal if these are of one moment. */
const calls: Record<string, (of: Sequential) => Promise<ArrayLike<number>>> = {
  'batches of predict': async (of) => (await of.predict(alike)).data,
  'batches of predict, many rows': async (of) => {
    const many = tensor(new Float32Array(700_000 * 8).fill(1), { shape: [700_000, 8] });
    return (await of.predict(many, { batchSize: 50_000 })).data;
  },
  'batches that come one by one': async (of) => (await of.predict(batchesOf)).data,
  'batches of predictSync': async (of) => of.predictSync(alike).data,
  // The mean of squares is the square of the mean where all are alike.
  'batches of evaluate': async (of) => {
    const { loss, mae = 0, penalty } = await of.evaluate(alike, new Float32Array(1600), { batchSize: 32 });
    const data = loss - (penalty ?? 0);
    return [data, Math.abs(data - mae ** 2) < 1e-4 * data ? data : mae ** 2];
  },
};

test.each(Object.entries(calls))('%s, several calls at once', { timeout: 120_000 }, async (name, call) => {
  const hidden = layers.dense(16, { activation: 'relu', kernelInitializer: 'heNormal' });
  const model = new Sequential([input([8]), hidden, layers.dense(1)]);
  model.compile({ optimizer: 'adam', loss: 'mse', metrics: ['mae'] });
  const controller = new AbortController();
  const data = [numbers(100, 8), new Float32Array(100).fill(3)] as const;
  const options = { epochs: 1e6, batchSize: 10, signal: controller.signal };
  const fit = model.fit(...data, options).catch((error) => error);
  const seen = new Set<number>();
  try {
    const rounds = (long ? 20 : 1) * (name.includes('many rows') ? 3 : 100);
    for (let i = 0; i < rounds; i++) {
      await sleep(i % 2);
      for (const values of await Promise.all([call(model), call(model), call(model)])) {
        const [first] = Array.from({ length: 1 }, () => values[0] as number) as [number];
        seen.add(first);
        for (let k = 1; k < values.length; k++) if (values[k] !== first) expect(values[k]).toBe(first);
      }
    }
  } finally {
    controller.abort();
  }
  expect(((await fit) as Error).name).toBe('AbortError');
  expect(seen.size).toBeGreaterThan(2);
});
