/**
 * Freezing: what `trainable` does to layers, models and layers of one's own, when it is assigned and when it is an
 * option.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks as callbacksOf,
  input,
  Layer,
  layers,
  loadModel,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { bits, numbers, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-freezing-'));
afterAll(() => rmSync(folder, { recursive: true }));

// A bias before a normalization has no gradient to speak of.
const DENSE = { useBias: false, kernelRegularizer: 'l2' } as const;

beforeEach(() => setRandomSeed(3));

/** A layer of one's own whose inner layers are found when it is called first. */
class Part extends Layer {
  static override readonly className = 'Part';
  readonly dense = layers.dense(3, DENSE);
  readonly norm = layers.batchNormalization();

  override call(of: SymbolicTensor): SymbolicTensor {
    return this.norm(this.dense(of));
  }
}

const inner = (): Layer[] => [layers.dense(3, DENSE), layers.batchNormalization({ name: 'norm' })];
const chained = (options: { trainable?: boolean } = {}): Model => {
  const at = input([4]);
  const [dense, norm] = inner() as [Layer, Layer];
  return new Model({ inputs: at, outputs: norm(dense(at)), ...options });
};
/** Each holds a dense layer with a penalty and a normalization, which its constructor makes. */
const containers: Record<string, () => Layer> = {
  Sequential: () => new Sequential([input([4]), ...inner()]),
  'Sequential without input': () => new Sequential(inner()),
  Model: () => chained(),
  'own layer': () => new Part(),
  'Sequential in a Sequential': () => new Sequential([input([4]), new Sequential([input([4]), ...inner()])]),
  'own layer in a Model in a Sequential': () => {
    const at = input([4]);
    const model = new Model({ inputs: at, outputs: new Part()(at) });
    return new Sequential([input([4]), model]);
  },
};

const sgd = (): Model['optimizer'] => optimizers.sgd({ learningRate: 0.1 });
const compiled = (model: Model): Model => model.compile({ optimizer: sgd(), loss: 'mse' });
const around = (part: Layer): Model => compiled(new Sequential([input([4]), part, layers.dense(1)]));
const data = (of: Layer): number[] => of.getWeights().flatMap((w) => [...w.data]);
const oneBatch = { batchSize: 10, epochs: 1 };

/** Whether `part` of `model` trains: its weights, its penalty and its statistics all do, or none of them. */
async function trains(model: Model, part: Layer): Promise<boolean> {
  const [before, all] = [data(part), bits(model)];
  const { loss, penalty } = await model.evaluate(x, y, { batchSize: 10 });
  const { history } = await model.fit(x, y, oneBatch);
  const moved = part.getWeights().map((w) => w.data.some((v) => v !== before.shift()));
  const found = [...moved, (penalty as number) > 0, (history.penalty?.[0] as number) > 0];
  // By its own rows' statistics it gives other numbers than by the moving ones.
  found.push(Math.abs((history.loss[0] as number) - loss) > 1e-3);
  expect(bits(model), 'the layer behind').not.toEqual(all);
  expect(new Set(found).size, found.join(', ')).toBe(1);
  return found[0] as boolean;
}

describe.each(Object.entries(containers))('%s', (_, make) => {
  test('trains unless it is frozen', async () => {
    const part = make();
    expect(await trains(around(part), part)).toBe(true);
  });

  test('frozen before it is put into a model', async () => {
    const part = make();
    part.trainable = false;
    expect(await trains(around(part), part)).toBe(false);
  });

  test('frozen after it was put into a model', async () => {
    const part = make();
    const model = around(part);
    part.trainable = false;
    expect(await trains(model, part)).toBe(false);
  });

  test('frozen and thawed between fits of one compilation', async () => {
    const part = make();
    const model = around(part);
    const found: boolean[] = [];
    for (const trainable of [true, false, true, false]) {
      part.trainable = trainable;
      found.push(await trains(model, part));
    }
    expect(found).toEqual([true, false, true, false]);
  });

  test.each([false, true])('saved and loaded, trainable = %s', async (trainable) => {
    const part = make();
    const model = around(part);
    // Not as it was made in either case.
    part.trainable = false;
    part.trainable = trainable;
    const path = join(folder, 'model');
    await model.save(path);
    const loaded = await loadModel(path, { layers: [Part] });
    expect(await trains(loaded, loaded.layers[0] as Layer)).toBe(trainable);
  });
});

test('a frozen normalization at the beginning, in numbers', async () => {
  const part = new Sequential([input([2]), layers.batchNormalization({ momentum: 0.5 })]);
  part.trainable = false;
  const dense = layers.dense(2, { kernelInitializer: 'identity' });
  const model = compiled(new Sequential([input([2]), part, dense]));
  const rows = Array.from({ length: 8 }, (_, i) => [i, 10 - 2 * i]);
  const { history } = await model.fit(rows, rows, { batchSize: 8 });
  // Mean of (x − x/√1.001)², by Keras.
  expect((history.loss[0] as number) / 5.928e-6).toBeCloseTo(1, 3);
  const mean = part.weights.find(({ name }) => name === 'moving_mean');
  expect([...(mean?.read().data ?? [])]).toEqual([0, 0]);
});

test('a model that is called with training: false keeps to it within a fit, also where it is trained', async () => {
  const base = new Sequential([
    input([4]),
    layers.dense(3),
    layers.batchNormalization(),
    layers.dropout(0.5),
  ]);
  const x = input([4]);
  const model = new Model({ inputs: x, outputs: layers.dense(1)(base(x, { training: false })) });
  model.compile({ loss: 'mse', optimizer: 'sgd' });
  const values = (of: Layer): number[][] => of.nonTrainableWeights.map((weight) => [...weight.read().data]);
  const [before, kernel] = [values(base), [...(base.weights[0]?.read().data ?? [])]];
  const data = tensor(
    Float32Array.from({ length: 32 }, (_, i) => i),
    { shape: [8, 4] },
  );
  await model.fit(data, new Array(8).fill(0), { verbose: 0 });
  expect(values(base)).toEqual(before);
  expect([...(base.weights[0]?.read().data ?? [])]).not.toEqual(kernel);
});

describe('an assignment', () => {
  const flags = (of: Layer): boolean[] => [of.trainable, ...of.layers.flatMap(flags)];

  test('is written through to all that is inside', () => {
    const model = new Sequential([input([4]), chained(), new Part()]);
    const outer = new Sequential([input([4]), model]);
    expect(flags(outer)).toEqual(Array(8).fill(true));
    outer.trainable = false;
    expect(flags(outer)).toEqual(Array(8).fill(false));
    expect(outer.trainableWeights).toEqual([]);
    expect(outer.nonTrainableWeights).toEqual(outer.weights);
    outer.trainable = true;
    expect(flags(outer)).toEqual(Array(8).fill(true));
    expect(outer.trainableWeights).toHaveLength(6);
    const statistics = outer.nonTrainableWeights.map(({ name }) => name);
    expect(new Set(statistics)).toEqual(new Set(['moving_mean', 'moving_variance']));
    outer.layers[0]!.layers[0]!.trainable = false;
    expect([...outer.nonTrainableWeights, ...outer.trainableWeights]).toHaveLength(outer.weights.length);
  });

  test.each([
    ['that knows its input', [input([4])]],
    ['that does not', []],
  ])('reaches a layer that is added later to a Sequential %s', async (_, first) => {
    const part = new Sequential([...first, layers.dense(3, DENSE)]);
    part.trainable = false;
    part.add(layers.batchNormalization());
    expect(flags(part)).toEqual([false, false, false]);
    expect(await trains(around(part), part)).toBe(false);
  });

  test('reaches inner layers that the first call finds', async () => {
    const part = new Part();
    part.trainable = false;
    expect([part.dense.trainable, part.layers]).toEqual([true, []]);
    const model = around(part);
    expect(flags(part)).toEqual([false, false, false]);
    expect(await trains(model, part)).toBe(false);
  });

  test.each([
    { first: 'part', last: 'dense', trainable: true },
    { first: 'part', last: 'dense', trainable: false },
    { first: 'dense', last: 'part', trainable: true },
    { first: 'dense', last: 'part', trainable: false },
  ] as const)('to $last, $trainable, wins over the opposite one to $first', async (of) => {
    for (const when of ['before', 'after', 'loaded']) {
      const part = new Part();
      let model = when === 'before' ? undefined : around(part);
      const layer = { part, dense: part.dense };
      layer[of.first].trainable = !of.trainable;
      layer[of.last].trainable = of.trainable;
      model ??= around(part);
      if (when === 'loaded') {
        const path = join(folder, 'latest');
        await model.save(path);
        model = await loadModel(path, { layers: [Part] });
      }
      const { dense } = model.layers[0] as Part;
      const before = data(dense);
      const { history } = await model.fit(x, y, oneBatch);
      const isMoved = data(dense).some((v, i) => v !== before[i]);
      expect([isMoved, (history.penalty?.[0] as number) > 0], when).toEqual([of.trainable, of.trainable]);
    }
  });
});

test.each(
  Object.entries({
    Sequential: () => new Sequential([input([4]), ...inner()], { trainable: false }),
    Model: () => chained({ trainable: false }),
    'own layer': () => new Part({ trainable: false }),
  }),
)('as an option of a container it holds for that alone: %s', async (_, make) => {
  const part = make();
  const model = around(part);
  expect([part.trainable, ...part.layers.map((layer) => layer.trainable)]).toEqual([false, true, true]);
  const path = join(folder, 'option');
  await model.save(path);
  expect(await trains(model, part)).toBe(true);
  const loaded = await loadModel(path, { layers: [Part] });
  expect(await trains(loaded, loaded.layers[0] as Layer)).toBe(true);
});

describe('a normalization without weights to learn', () => {
  const plain = (): Layer => layers.batchNormalization({ center: false, scale: false, momentum: 0.5 });
  const rows = tensor([
    [1, 2],
    [3, 6],
  ]);

  test('alone follows its batches', async () => {
    const model = compiled(new Sequential([input([2]), plain()]));
    await model.fit(rows, rows, { batchSize: 2 });
    // Half of the past, half of means (2, 4) and variances (1, 4).
    expect(bits(model)).toEqual([1, 2, 1, 2.5]);
  });

  test('is frozen and thawed between fits of one compilation', async () => {
    const norm = plain();
    const model = compiled(new Sequential([input([2]), norm, layers.dense(2)]));
    const statistics: number[][] = [];
    for (const trainable of [true, false, true]) {
      norm.trainable = trainable;
      const { loss } = await model.evaluate(rows, rows);
      const { history } = await model.fit(rows, rows, { batchSize: 2 });
      expect(Math.abs((history.loss[0] as number) - loss) < 1e-5).toBe(!trainable);
      statistics.push(data(norm));
    }
    expect(statistics).toEqual([
      [1, 2, 1, 2.5],
      [1, 2, 1, 2.5],
      [1.5, 3, 1, 3.25],
    ]);
  });
});

describe('with nothing to train, fit', () => {
  test('measures', async () => {
    const model = compiled(new Sequential([input([4]), ...inner(), layers.dense(1)]));
    model.trainable = false;
    const before = bits(model);
    const { loss } = await model.evaluate(x, y);
    const { history } = await model.fit(x, y, { batchSize: 4, epochs: 2 });
    for (const measured of history.loss) expect(measured).toBeCloseTo(loss, 6);
    expect(history.loss).toHaveLength(2);
    expect(bits(model)).toEqual(before);
  });

  test.each(['frozen', 'sign'])(
    'follows the statistics of normalizations that are not frozen: %s',
    async (kind) => {
      const dense = layers.dense(2, { kernelInitializer: 'ones' });
      const norm = layers.batchNormalization({ center: false, scale: false, momentum: 0.5 });
      const at = input([2]);
      const last = norm(dense(at));
      const model = compiled(new Model({ inputs: at, outputs: kind === 'sign' ? ops.sign(last) : last }));
      dense.trainable = kind === 'sign';
      const rows = tensor([
        [1, 2],
        [3, 6],
      ]);
      const { history } = await model.fit(rows, rows, { batchSize: 2 });
      // Rows 3 and 9: mean 6, variance 9.
      expect(data(norm)).toEqual([3, 3, 5, 5]);
      expect(data(dense)).toEqual([1, 1, 1, 1, 0, 0]);
      if (kind !== 'sign') return;
      // Signs (−1, 1) against (1, 2) and (3, 6).
      expect(history.loss[0]).toBeCloseTo((4 + 9 + 4 + 25) / 4, 5);
    },
  );

  test('measures what ends in a sign as evaluate does', async () => {
    const at = input([4]);
    const model = compiled(new Model({ inputs: at, outputs: ops.sign(layers.dense(1)(at)) }));
    const before = bits(model);
    const { loss } = await model.evaluate(x, y);
    const { history } = await model.fit(x, y, { epochs: 2 });
    for (const measured of history.loss) expect(measured).toBeCloseTo(loss, 6);
    expect(bits(model)).toEqual(before);
  });
});

describe('assigned while a fit is under way', () => {
  /** Whether the first layer moved in each batch, and the losses, of six epochs of four batches. */
  async function followed(hook: 'epoch' | 'batch' | 'last batch', streamed: boolean): Promise<unknown[]> {
    setRandomSeed(3);
    const first = layers.dense(3, { trainable: false });
    const model = compiled(new Sequential([input([4]), first, layers.dropout(0.2), layers.dense(1)]));
    const thaw = (of: typeof hook): void => {
      if (hook === of) first.trainable = true;
    };
    const moved: boolean[] = [];
    let before = data(first);
    const callbacks = [
      {
        onEpochBegin(epoch: number): void {
          if (epoch === 2) thaw('epoch');
          if (epoch === 4) first.trainable = false;
        },
        onTrainBatchEnd(batch: number): void {
          const now = data(first);
          moved.push(JSON.stringify(now) !== JSON.stringify(before));
          before = now;
          if (batch === 1) thaw('batch');
          if (batch === 3) thaw('last batch');
        },
      },
    ];
    const rows = { x: numbers(8, 4), y: numbers(8, 1) };
    function* batches(): Generator<{ x: Tensor; y: Tensor }> {
      for (let i = 0; i < 8; i += 2)
        yield { x: ops.slice(rows.x, i, 2) as Tensor, y: ops.slice(rows.y, i, 2) as Tensor };
    }
    const options = { epochs: 6, callbacks, validationData: [rows.x, rows.y] as [Tensor, Tensor] };
    const { history, epoch } = streamed
      ? await model.fit(batches, options)
      : await model.fit(rows.x, rows.y, { ...options, batchSize: 2, shuffle: false });
    expect(epoch).toEqual([0, 1, 2, 3, 4, 5]);
    const rounded = (all: readonly number[] | undefined) => all?.map((loss) => Math.fround(loss).toFixed(5));
    return [moved.map(Number).join(''), rounded(history.loss), rounded(history.val_loss), bits(model)];
  }

  test.each(['epoch', 'batch', 'last batch'] as const)(
    'by a hook of an %s, it counts from there on',
    async (hook) => {
      const found = await followed(hook, false);
      expect(found[0]).toBe(
        {
          epoch: '000000001111111100000000',
          batch: '001111111111111100111111',
          'last batch': '000011111111111100001111',
        }[hook],
      );
      // Batches that come one by one have a trainer each.
      expect(found).toEqual(await followed(hook, true));
    },
  );

  test('an abort that comes meanwhile is heard', async () => {
    // Each step takes the rate from the weight, which so counts them.
    const [counting, other] = [
      layers.dense(1, { useBias: false, kernelInitializer: 'zeros' }),
      layers.prelu(),
    ];
    const model = new Sequential([input([1]), other, counting]).compile({
      optimizer: optimizers.sgd({ learningRate: 2 ** -10 }),
      loss: (_, given) => given,
    });
    const abort = new AbortController();
    const steps = 25_000;
    const ones = tensor(new Float32Array(8 * steps).fill(1), { shape: [8 * steps, 1] });
    const callbacks = [
      {
        onEpochEnd(): void {
          other.trainable = false;
          setImmediate(() => abort.abort(new Error('enough')));
        },
      },
    ];
    const fit = model.fit(ones, ones, { epochs: 3, batchSize: 8, callbacks, signal: abort.signal });
    await expect(fit).rejects.toThrow('enough');
    const made = -(data(counting)[0] as number) * 2 ** 10;
    expect(made).toBeGreaterThanOrEqual(steps);
    expect(made).toBeLessThan(1.5 * steps);
  });

  test('averages and weights change places for the same layers', async () => {
    const layer = layers.dense(3);
    const model = new Sequential([input([4]), layer, layers.dense(1)]).compile({
      optimizer: optimizers.sgd({ learningRate: 0.1, useEma: true, emaMomentum: 0.5 }),
      loss: 'mse',
    });
    const seen: number[][] = [];
    const hooks = {
      onTrainBatchEnd: () => void seen.push(data(layer)),
      onTestBegin(): void {
        layer.trainable = false;
      },
      onEpochEnd: () => void seen.push(data(layer)),
    };
    const options = {
      callbacks: [callbacksOf.swapEmaWeights(), hooks],
      batchSize: 10,
      validationData: [x, y] as never,
    };
    await model.fit(x, y, options);
    expect(seen).toHaveLength(2);
    expect(seen[1]).toEqual(seen[0]);
  });

  test('a file from a validation behind it knows its place', async () => {
    const layer = layers.dense(3);
    const model = compiled(new Sequential([input([4]), layer, layers.dense(1)]));
    const path = join(folder, 'placed.safetensors');
    const hooks = {
      onTrainBatchEnd(batch: number): void {
        if (batch === 1) layer.trainable = false;
      },
      onTestEnd: () => model.save(path),
    };
    const options = { batchSize: 5, shuffle: false, validationData: [x, y] as never };
    await model.fit(x, y, { ...options, callbacks: [hooks] });
    const loaded = await loadModel(path);
    const batches: number[] = [];
    const onTrainBatchBegin = (batch: number) => void batches.push(batch);
    await loaded.fit(x, y, { ...options, initialEpoch: loaded.epoch, callbacks: [{ onTrainBatchBegin }] });
    expect(batches).toEqual([]);
    expect(bits(loaded)).toEqual(bits(model));
  });
});
