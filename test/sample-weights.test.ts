/**
 * Sample weights by output and by position, outputs without a loss, losses that layers add, and values that do not count.
 */
import { mkdtempSync } from 'node:fs';
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
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { numbers } from './support/small.js';

const ROWS = 10;
const x = numbers(ROWS, 4);
const [ya, yb] = [numbers(ROWS, 2), numbers(ROWS, 1)];
const [wa, wb] = [0, 1].map((k) =>
  Float32Array.from({ length: ROWS }, (_, i) => 0.25 + ((i * 7 + k) % 5)),
) as [Float32Array, Float32Array];

/** Two outputs, and a model of each alone with the same weights. */
function both() {
  const t = input([4]);
  const [a, b] = [layers.dense(2, { name: 'a' })(t), layers.dense(1, { name: 'b' })(t)];
  return {
    two: new Model({ inputs: t, outputs: [a, b] }),
    a: new Model({ inputs: t, outputs: a }),
    b: new Model({ inputs: t, outputs: b }),
  };
}

describe('weights by output', () => {
  test.each([
    ['a list', [wa, wb], wa, wb],
    ['names', { a: wa, b: wb }, wa, wb],
    ['one name: the other weighs one', { b: wb }, undefined, wb],
    ['null in a list', [wa, null], wa, undefined],
    ['one for all', wa, wa, wa],
  ])('%s: as each alone', async (_, sampleWeight, forA, forB) => {
    const { two, a, b } = both();
    two.compile({ loss: { a: 'mse', b: 'mae' }, lossWeights: { b: 3 }, weightedMetrics: ['mse'] });
    const logs = await two.evaluate(x, [ya, yb], { batchSize: 4, sampleWeight: sampleWeight as never });
    const alone = async (model: Model, loss: 'mse' | 'mae', y: typeof ya, weight: Float32Array | undefined) =>
      model
        .compile({ loss, weightedMetrics: ['mse'] })
        .evaluate(x, y, { batchSize: 4, sampleWeight: weight });
    const [inA, inB] = [await alone(a, 'mse', ya, forA), await alone(b, 'mae', yb, forB)];
    expect(logs.a_loss).toBeCloseTo(inA.loss, 5);
    expect(logs.b_loss).toBeCloseTo(inB.loss, 5);
    expect(logs.a_mse).toBeCloseTo(inA.mse as number, 5);
    expect(logs.b_mse).toBeCloseTo(inB.mse as number, 5);
    expect(logs.loss).toBeCloseTo(inA.loss + 3 * inB.loss, 4);
  });
  test('validation data may have others', async () => {
    const { two, a } = both();
    two.compile({ loss: ['mse', 'mse'], optimizer: 'sgd' });
    a.compile({ loss: 'mse' });
    const { history } = await two.fit(x, [ya, yb], {
      verbose: 0,
      sampleWeight: { b: wb },
      validationData: [x, [ya, yb], { a: wa }],
    });
    const after = await a.evaluate(x, ya, { sampleWeight: wa });
    expect(history.val_a_loss?.[0]).toBeCloseTo(after.loss, 5);
  });
  test('a number weighs all losses, and columns of weights are weights of rows', async () => {
    const [{ two }, { two: twin }] = [both(), both()];
    twin.setWeights(two.getWeights());
    two.compile({ loss: 'mse', lossWeights: 2 });
    twin.compile({ loss: 'mse', lossWeights: [2, 2] });
    const column = tensor(wa).reshape([ROWS, 1]);
    const options = { verbose: 0, shuffle: false } as const;
    const { history } = await two.fit(x, [ya, yb], { ...options, sampleWeight: column });
    expect(history).toEqual((await twin.fit(x, [ya, yb], { ...options, sampleWeight: wa })).history);
    expect(() => two.compile({ loss: 'mse', lossWeights: Number.NaN })).toThrow(/^lossWeights must be/);
    const lists = { loss: 'mse', metrics: [['mae'], ['mse']] } as never;
    expect(() => two.compile(lists)).toThrow(/^metrics must be by the names of outputs/);
  });
  test('bad ones are named', async () => {
    const model = both().two.compile({ loss: 'mse' });
    const fit = (sampleWeight: never) => model.fit(x, [ya, yb], { verbose: 0, sampleWeight });
    await expect(fit({ c: wa } as never)).rejects.toThrow("key of sampleWeight must be one of 'a', 'b'");
    await expect(fit({ a: wa.slice(1) } as never)).rejects.toThrow(
      'sampleWeight.a must have shape [10], received [9]',
    );
    await expect(fit([wa, numbers(ROWS, 2)] as never)).rejects.toThrow('sampleWeight.b must have shape [10]');
  });
});

describe('weights by position', () => {
  const sequence = (length: number) => numbers(ROWS, length * 4).reshape([ROWS, length, 4]);
  const steps = sequence(3);
  const model = () => new Sequential([input([3, 4]), layers.activation('linear')]);
  const weights = tensor(
    Float32Array.from({ length: ROWS * 3 }, (_, i) => (i * 5) % 4),
    { shape: [ROWS, 3] },
  );
  const zeros = tensor(new Float32Array(ROWS * 12), { shape: [ROWS, 3, 4] });
  test('are those of the loss at the position', async () => {
    let expected = 0;
    for (let i = 0; i < ROWS * 3; i++)
      for (let j = 0; j < 4; j++)
        expected += (steps.data[i * 4 + j] as number) ** 2 * (weights.data[i] as number);
    const logs = await model()
      .compile({ loss: 'mse' })
      .evaluate(steps, zeros, { sampleWeight: weights, batchSize: ROWS });
    expect(logs.loss).toBeCloseTo(expected / (ROWS * 12), 5);
  });
  test('train, with validation, in batches and with unknown lengths', async () => {
    const net = new Sequential([input([null, 4]), layers.dense(4)]).compile({
      loss: 'mse',
      weightedMetrics: ['mae'],
    });
    await net.fit(steps, steps, { verbose: 0, sampleWeight: weights, validationSplit: 0.3, batchSize: 4 });
    const longer = sequence(5);
    const ones = tensor(new Float32Array(ROWS * 5).fill(1), { shape: [ROWS, 5] });
    const [weighted, plain] = [
      await net.evaluate(longer, longer, { sampleWeight: ones }),
      await net.evaluate(longer, longer),
    ];
    expect(weighted.loss).toBeCloseTo(plain.loss, 6);
    await net.fit(() => [{ x: longer, y: longer, sampleWeight: ones }], { verbose: 0 });
  });
  test('of rows here and of positions there go together', async () => {
    const made = () =>
      new Sequential([input([3, 2]), layers.dense(2)]).compile({ loss: 'mse', weightedMetrics: ['mae'] });
    const steps = numbers(ROWS, 6).reshape([ROWS, 3, 2]);
    const ofSteps = tensor(
      Float32Array.from({ length: ROWS * 3 }, (_, i) => i % 4),
      { shape: [ROWS, 3] },
    );
    const wide = (rows: Float32Array) =>
      tensor(
        Float32Array.from({ length: ROWS * 3 }, (_, i) => rows[Math.floor(i / 3)]!),
        { shape: [ROWS, 3] },
      );
    for (const [own, held] of [
      [ofSteps, tensor(wa)],
      [tensor(wa), ofSteps],
    ] as const) {
      const spread = (of: Tensor) => (of === ofSteps ? of : wide(wa));
      const [net, twin] = [made(), made()];
      twin.setWeights(net.getWeights());
      const fit = (of: ReturnType<typeof made>, a: Tensor, b: Tensor) =>
        of.fit(steps, steps, {
          verbose: 0,
          shuffle: false,
          sampleWeight: a,
          validationData: [steps, steps, b],
        });
      const { history } = await fit(net, own, held);
      expect(history).toEqual((await fit(twin, spread(own), spread(held))).history);
    }
    const single = tensor(wa).reshape([ROWS, 1]);
    await made().fit(steps, steps, { verbose: 0, sampleWeight: single });
  });
  test('need a metric by position', async () => {
    const net = model().compile({
      loss: 'mse',
      weightedMetrics: [(_y: SymbolicTensor, p: SymbolicTensor) => ops.mean(p, { axis: [1, 2] })],
    });
    await expect(net.evaluate(steps, zeros, { sampleWeight: weights })).rejects.toMatchObject({
      code: 'ERR_SHAPE',
    });
  });
  test('of another length are refused', async () => {
    const net = model().compile({ loss: 'mse' });
    const wrong = tensor(new Float32Array(ROWS * 2), { shape: [ROWS, 2] });
    await expect(net.evaluate(steps, zeros, { sampleWeight: wrong })).rejects.toThrow(
      'sampleWeight must have shape [10] or [10, 3], received [10, 2]',
    );
  });
});

describe('an output without a loss', () => {
  test('needs no labels, and has no key', async () => {
    for (const loss of [{ a: 'mse' }, { a: 'mse', b: null }, ['mse', null]] as const) {
      const { two, a } = both();
      two.compile({ loss: loss as never, optimizer: 'sgd' });
      const alone = await a.compile({ loss: 'mse' }).evaluate(x, ya);
      const before = two.layers
        .find(({ name }) => name === 'b')!
        .getWeights()
        .map((w) => w.toArray());
      for (const y of [ya, { a: ya }, [ya, null]] as const)
        expect((await two.evaluate(x, y as never)).loss).toBeCloseTo(alone.loss, 6);
      const { history } = await two.fit(x, ya, { verbose: 0 });
      expect(Object.keys(history).sort()).toEqual(['a_loss', 'loss', 'loss_without_penalty', 'penalty']);
      expect(
        two.layers
          .find(({ name }) => name === 'b')!
          .getWeights()
          .map((w) => w.toArray()),
      ).toEqual(before);
      await expect(two.fit(x, { a: ya, b: yb }, { verbose: 0 })).rejects.toThrow(
        "y has 'b'; the model has a",
      );
    }
  });
  test('is measured if it has a metric', async () => {
    const { two, b } = both();
    two.compile({ loss: { a: 'mse' }, metrics: { b: 'mae' } });
    const logs = await two.evaluate(x, [ya, yb]);
    const alone = await b.compile({ loss: 'mae' }).evaluate(x, yb);
    expect(logs.b_mae).toBeCloseTo(alone.loss, 6);
  });
  test('one at least has a loss', () => {
    expect(() => both().two.compile({ loss: { a: null } })).toThrow("loss must be a loss for 'a' or 'b'");
    expect(() => both().two.compile({ loss: [null, null] })).toThrow(/^loss/);
  });
  test('is saved', async () => {
    const path = join(mkdtempSync(join(tmpdir(), 'ridgeline-')), 'm');
    const { two } = both();
    two.compile({ loss: { b: losses.huber({ delta: 0.5, reduction: 'sum' }) } });
    await two.save(path);
    const again = await loadModel(path);
    expect(await again.evaluate(x, yb)).toEqual(await two.evaluate(x, yb));
  });
});

describe('classes that do not count', () => {
  const net = () =>
    new Sequential([input([4]), layers.dense(3, { activation: 'softmax' })]).compile({
      loss: losses.sparseCategoricalCrossentropy({ ignoreClass: -1 }),
      optimizer: 'sgd',
    });
  const labels = Array.from({ length: ROWS }, (_, i) => (i % 4) - 1);
  test('leave loss and gradient to the others', async () => {
    const rows = x.toArray<number[][]>().filter((_, i) => labels[i] !== -1);
    const [all, some] = [net(), net()];
    some.setWeights(all.getWeights());
    await all.fit(x, labels, { verbose: 0, batchSize: ROWS });
    await some.fit(
      rows,
      labels.filter((c) => c !== -1),
      { verbose: 0, batchSize: ROWS },
    );
    all
      .getWeights()
      .forEach((w, i) =>
        w.data.forEach((value, k) => expect(value).toBeCloseTo(some.getWeights()[i]?.data[k] as number, 5)),
      );
  });
  test('others that are out of range are refused, with the one that is not', async () => {
    await expect(
      net().fit(
        x,
        labels.map((c) => (c === -1 ? -2 : c)),
        { verbose: 0 },
      ),
    ).rejects.toThrow('y must be class indices in [0, 3) or -1, received -2');
  });
  test('a batch of nothing else loses nothing', async () => {
    expect(
      (
        await net().evaluate(
          x,
          labels.map(() => -1),
        )
      ).loss,
    ).toBe(0);
  });
});

describe('a loss that a layer adds', () => {
  class Shrunk extends Layer {
    static override readonly className = 'Shrunk';
    override call(t: SymbolicTensor): SymbolicTensor {
      this.addLoss(ops.mul(ops.mean(ops.square(t)), 0.5));
      return t;
    }
  }
  test('is part of loss and penalty, in training and out of it, and has a gradient', async () => {
    const net = new Sequential([input([4]), layers.dense(2, { useBias: false }), new Shrunk()]);
    net.compile({ loss: 'mse', optimizer: 'sgd' });
    const outputs = (await net.predict(x)).data as Float32Array;
    const expected = (0.5 * outputs.reduce((sum, v) => sum + v * v, 0)) / outputs.length;
    const logs = await net.evaluate(x, ya, { batchSize: ROWS });
    expect(logs.penalty).toBeCloseTo(expected, 5);
    expect(logs.loss - logs.loss_without_penalty).toBeCloseTo(expected, 5);
    // With the labels it gives already the data have no gradient of their own.
    await net.fit(x, await net.predict(x), { verbose: 0, batchSize: ROWS, epochs: 30 });
    expect((await net.evaluate(x, ya, { batchSize: ROWS })).penalty).toBeLessThan(expected);
  });
  test('must be a scalar of the call', () => {
    class Wrong extends Layer {
      static override readonly className = 'Wrong';
      override call(t: SymbolicTensor): SymbolicTensor {
        this.addLoss(t);
        return t;
      }
    }
    expect(() => new Wrong()(input([2]))).toThrow(/loss must be a float32 scalar of this call/);
  });
});

describe('weights by position where a loss takes another axis together', () => {
  const turned = (t: number[][][]): number[][][] =>
    t.map((rows) => (rows[0] as number[]).map((_, j) => rows.map((row) => row[j] as number)));
  const shares = numbers(2, 12).reshape([2, 4, 3]).toArray<number[][][]>();
  const positive = shares.map((rows) => rows.map((row) => row.map((value) => value + 1.5)));
  const labels = [0, 1].map((k) =>
    [0, 1, 2, 3].map((i) => [0, 1, 2].map((j) => Number((i + j + k) % 4 === 0))),
  );
  const weights = [
    [1, 2, 3],
    [0.5, 0, 4],
  ];
  const measure = async (
    axis: number,
    shape: number[],
    x: number[][][],
    y: number[][][],
  ): Promise<number> => {
    const model = new Sequential([layers.input(shape), layers.identity()]);
    const loss = losses.categoricalCrossentropy({ axis });
    return (await model.compile({ loss }).evaluate(x, y, { sampleWeight: weights })).loss;
  };

  test('they are those of the other axes', async () => {
    const expected = await measure(-1, [3, 4], turned(positive), turned(labels));
    expect(await measure(1, [4, 3], positive, labels)).toBeCloseTo(expected, 6);
  });

  test('others are refused with what is right', async () => {
    const model = new Sequential([layers.input([4, 3]), layers.identity()]);
    model.compile({ loss: losses.categoricalCrossentropy({ axis: 1 }) });
    const bad = [
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ];
    await expect(model.evaluate(positive, labels, { sampleWeight: bad })).rejects.toThrow(
      /sampleWeight must have shape \[2\] or \[2, 3\], received \[2, 4\]/,
    );
  });
});

test('class weights of positions are for the rows that train, not for those held out', async () => {
  const tokens = tensor(
    Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 6),
    { shape: [8, 5] },
  );
  const tags = tensor(
    Int32Array.from({ length: 40 }, (_, i) => i % 3),
    { shape: [8, 5] },
  );
  const made = () => {
    setRandomSeed(5);
    return new Sequential([
      input({ shape: [5], dtype: 'int32' }),
      layers.embedding(6, 4),
      layers.dense(3, { activation: 'softmax' }),
    ]).compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
  };
  const options = { classWeight: { 1: 2 }, epochs: 2, verbose: 0, shuffle: false } as const;
  const split = await made().fit(tokens, tags, { ...options, validationSplit: 0.25 });
  const apart = await made().fit(tokens.rows(0, 6), tags.rows(0, 6), {
    ...options,
    validationData: [tokens.rows(6, 8), tags.rows(6, 8)],
  });
  expect(split.history).toEqual(apart.history);
});
