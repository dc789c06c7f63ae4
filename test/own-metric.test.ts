/**
 * Metrics of one's own: classes with sums, functions, and the names and numbers that they may have.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  layers,
  loadModel,
  type Model,
  metrics,
  ops,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
} from 'ridgeline';
import { afterAll, describe, expect, test } from 'vitest';
import { classes, classifier, expectFailure, regression, x, y } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-metric-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Share of the labels' variance that is left, from sums alone. */
class Unexplained implements metrics.Metric<'unexplained'> {
  readonly name = 'unexplained';
  readonly direction = 'min';
  readonly offset: number;
  constructor({ offset = 0 }: { offset?: number } = {}) {
    this.offset = offset;
  }
  update(yTrue: SymbolicTensor, yPred: SymbolicTensor): metrics.Increments {
    const labels = ops.reshape(yTrue, [-1]);
    const errors = ops.sub(labels, ops.reshape(yPred, [-1]));
    return {
      count: ops.sum(ops.add(ops.mul(labels, 0), 1)),
      moments: ops.concat([labels, ops.square(labels)].map((of) => ops.sum(of, { keepdims: true }))),
      errors: ops.sum(ops.square(errors)),
    };
  }
  result({ count, moments, errors }: metrics.Sums): number {
    const [n, [sum, squares]] = [count?.[0] as number, moments as [number, number]];
    return (errors?.[0] as number) / (squares - sum ** 2 / n) + this.offset;
  }
  getConfig(): Record<string, unknown> {
    return { offset: this.offset };
  }
}

/** What {@link Unexplained} is of, by hand. */
async function byHand(model: Model): Promise<number> {
  const predicted = (await model.predict(x)).data;
  const mean = y.reduce((a, b) => a + b) / y.length;
  const total = (of: (label: number, i: number) => number): number =>
    y.reduce((sum, label, i) => sum + of(label, i), 0);
  return total((label, i) => (label - predicted[i]!) ** 2) / total((label) => (label - mean) ** 2);
}

describe('a class', () => {
  const compiled = (...more: metrics.Metric[]): Model =>
    regression().compile({ loss: 'mse', metrics: [new Unexplained(), ...more] }) as unknown as Model;

  test('gives a number of its sums over all batches, in evaluate and in fit', async () => {
    const model = compiled();
    const expected = await byHand(model);
    const logs = await model.evaluate(x, y, { batchSize: 3 });
    expect(logs.unexplained).toBeCloseTo(expected, 5);
    const { history } = await model.fit(x, y, { validationData: [x, y], epochs: 2 });
    expect(history.unexplained?.[0]).toBeCloseTo(expected, 5);
    expect((history as unknown as Record<string, number[]>).val_unexplained?.[1]).toBeCloseTo(
      await byHand(model),
      5,
    );
  });

  test('is saved by the name of the class', async () => {
    const model = compiled(new Unexplained({ offset: 1 }));
    const path = join(folder, 'class');
    await model.save(path);
    const loaded = await loadModel(path, { custom: { Unexplained } });
    const logs = await loaded.evaluate(x, y);
    expect(logs).toEqual(await model.evaluate(x, y));
    expect(logs.unexplained_1! - logs.unexplained!).toBeCloseTo(1, 6);
    await expectFailure(() => loadModel(path), 'ERR_ARGUMENT', /Unexplained/);
  });

  const wrong = (result: () => unknown): metrics.Metric =>
    ({
      name: 'wrong',
      direction: undefined,
      update: (_: SymbolicTensor, yPred: SymbolicTensor) => ({ one: ops.sum(yPred) }),
      result,
    }) as metrics.Metric;
  test.each([
    ['nothing', undefined],
    ['text', '1'],
    ['an empty list', []],
  ])('that gives %s is refused', async (_, given) => {
    await expectFailure(
      () => compiled(wrong(() => given)).evaluate(x, y),
      'ERR_ARGUMENT',
      /^metric 'wrong' must be a result that is a number or a list of numbers/,
    );
  });

  test('whose update gives nothing, or that lacks a function, is refused', async () => {
    const metric = { ...wrong(() => 0), update: () => undefined } as never;
    const says = /what update\(\) gives must be an object of sums by name, received undefined/;
    await expectFailure(() => compiled(metric).evaluate(x, y), 'ERR_ARGUMENT', says);
    const { result: _, ...half } = wrong(() => 0);
    await expectFailure(
      () => compiled(half as never),
      'ERR_ARGUMENT',
      /^metrics must be metrics with the functions update and result/,
    );
  });
  test('of too many thresholds is refused', async () => {
    const model = regression().compile({ loss: 'mse', metrics: [metrics.auc({ numThresholds: 1e8 })] });
    await expectFailure(() => model.evaluate(x, y), 'ERR_ARGUMENT', /numThresholds must be at most 1048576/);
  });

  test('whose sums depend on the batch is refused', async () => {
    const metric = {
      ...wrong(() => 0),
      update: (_: SymbolicTensor, yPred: SymbolicTensor) => ({ each: yPred }),
    };
    await expectFailure(
      () => compiled(metric).evaluate(x, y),
      'ERR_ARGUMENT',
      /increment 'each' must be float32 of a known size/,
    );
  });
});

describe('a function', () => {
  test('may give integers and truth values', async () => {
    const hits = (a: SymbolicTensor, b: SymbolicTensor): SymbolicTensor =>
      ops.equal(ops.cast(a, 'int32'), ops.argMax(b));
    const whole = (a: SymbolicTensor): SymbolicTensor => ops.cast(a, 'int32');
    const model = classifier().compile({
      loss: 'sparseCategoricalCrossentropy',
      metrics: ['accuracy', hits, whole],
    });
    const logs = (await model.evaluate(x, classes)) as Record<string, number>;
    expect(logs.hits).toBeCloseTo(logs.accuracy!, 12);
    expect(logs.whole).toBeCloseTo(classes.reduce((a, b) => a + b) / classes.length, 12);
  });
});

describe('names', () => {
  test.each(['constructor', 'toString', '__proto__'])('%s is refused', async (name) => {
    const metric = metrics.meanAbsoluteError({ name });
    await expectFailure(
      () => regression().compile({ loss: 'mse', metrics: [metric] }),
      'ERR_ARGUMENT',
      /^metrics must be names that not every object has a property of/,
    );
  });

  test('of a function are allowed by the compiler', async () => {
    function farthest(yTrue: SymbolicTensor, yPred: SymbolicTensor): SymbolicTensor {
      return ops.max(ops.abs(ops.sub(yTrue, yPred)));
    }
    const model = regression().compile({ loss: 'mse', metrics: ['mae', farthest] });
    const { history } = await model.fit(x, y, {
      validationData: [x, y],
      callbacks: [callbacks.earlyStopping({ monitor: 'val_farthest' })],
    });
    expect([history.farthest, history.mae, history.val_farthest].map((of) => of?.length)).toEqual([1, 1, 1]);
    expect((await model.evaluate(x, y)).farthest).toBeGreaterThan(0);
  });

  test('of functions behind a mask: of steps it leaves out those, of samples and batches nothing', async () => {
    const tokens = layers.input([3], { dtype: 'int32' });
    const model = new Sequential([tokens, layers.embedding(5, 2, { maskZero: true }), layers.dense(1)]);
    const error = (yTrue: SymbolicTensor, yPred: SymbolicTensor) => ops.abs(ops.sub(yTrue, yPred));
    const steps = (a: SymbolicTensor, b: SymbolicTensor) => ops.squeeze(error(a, b), -1);
    const samples = (a: SymbolicTensor, b: SymbolicTensor) => ops.mean(error(a, b), { axis: [1, 2] });
    const all = (a: SymbolicTensor, b: SymbolicTensor) => ops.mean(error(a, b));
    model.compile({ loss: 'mse', metrics: [steps, samples, all] });
    const rows = tensor([[1, 2, 0], [3, 0, 0]], { dtype: 'int32' }); // biome-ignore format: a matrix
    const labels = ops.ones([2, 3, 1]);
    const logs = (await model.evaluate(rows, labels)) as Record<string, number>;
    const errors = (model.predictSync(rows) as Tensor)
      .toArray<number[][][]>()
      .map((of) => of.map(([p]) => Math.abs(1 - p!)));
    const mean = (of: readonly number[]): number => of.reduce((a, b) => a + b) / of.length;
    expect(logs.steps).toBeCloseTo(mean([errors[0]![0]!, errors[0]![1]!, errors[1]![0]!]), 5);
    expect([logs.samples, logs.all]).toEqual([
      expect.closeTo(mean(errors.flat()), 5),
      expect.closeTo(mean(errors.flat()), 5),
    ]);
  });

  test('in a list that changes later do not', async () => {
    const list = [metrics.meanAbsoluteError()] as metrics.Metric[];
    const model = regression().compile({ loss: 'mse', metrics: list });
    list.push(metrics.meanSquaredError());
    const path = join(folder, 'list');
    await model.save(path);
    expect(Object.keys(await (await loadModel(path)).evaluate(x, y))).toContain('mean_absolute_error');
    expect(await (await loadModel(path)).evaluate(x, y)).toEqual(await model.evaluate(x, y));
  });
});

describe('a metric by itself', () => {
  test('adds up batches, and forgets them', () => {
    const of = new metrics.RunningMetric(new Unexplained());
    const labels = [1, 2, 3, 4];
    const predicted = [1, 2, 4, 4];
    for (const i of [0, 2]) of.updateState(labels.slice(i, i + 2), predicted.slice(i, i + 2));
    expect(of.result()).toBeCloseTo(1 / 5, 6);
    of.resetState();
    of.updateState(labels, labels);
    expect([of.name, of.result()]).toEqual(['unexplained', 0]);
  });
  test('is that of a model on the same rows', async () => {
    const model = regression().compile({ loss: 'mse', metrics: ['r2Score'] });
    const logs = await model.evaluate(x, y);
    const alone = new metrics.RunningMetric('r2Score');
    alone.updateState(y, await model.predict(x));
    expect(alone.result()).toBeCloseTo(logs.r2_score, 6);
  });
  test('keeps what it has when a batch does not fit', () => {
    const of = new metrics.RunningMetric('mse');
    expect(() => of.result()).toThrow(/'mse' has seen nothing: call updateState first/);
    of.updateState([1, 2], [1, 4]);
    expect(() => of.updateState([1], [1, 2])).toThrow(
      /yTrue must have shape 2 rows, as yPred has, received \[1]/,
    );
    expect(() => of.updateState([1, 2], [1, 2], { sampleWeight: [1] })).toThrow(
      /sampleWeight must have shape/,
    );
    expect(() => of.updateState([[1, 2]], [[1, 2, 3]])).toThrow(/metric 'mse': y must have shape/);
    expect(() => of.updateState([1], [1], { sampleweight: [1] } as object)).toThrow(
      /did you mean 'sampleWeight'/,
    );
    expect(() => of.updateState([1], tensor([1]).reshape([]))).toThrow(/yPred must have shape \[batch, …]/);
    expect(of.result()).toBe(2);
    expect(() => new metrics.RunningMetric('acuracy' as 'accuracy')).toThrow(/did you mean 'accuracy'/);
  });
});

test('a class may have private fields', async () => {
  class Scaled implements metrics.Metric<'scaled'> {
    readonly name = 'scaled';
    readonly direction = 'min';
    readonly #factor: number;
    constructor({ factor = 1 }: { factor?: number } = {}) {
      this.#factor = factor;
    }
    update(yTrue: SymbolicTensor, yPred: SymbolicTensor): metrics.Increments {
      const errors = ops.sub(ops.reshape(yTrue, [-1]), ops.reshape(yPred, [-1]));
      return { errors: ops.mul(ops.sum(ops.square(errors)), this.#factor) };
    }
    result({ errors }: metrics.Sums): number {
      return this.#factor * (errors?.[0] as number);
    }
    getConfig(): Record<string, unknown> {
      return { factor: this.#factor };
    }
  }
  const model = regression().compile({ loss: 'mse', metrics: [new Scaled({ factor: 3 })] });
  const { loss, scaled } = await model.evaluate(x, y);
  expect(scaled).toBeCloseTo(9 * loss * y.length, 3);
  const path = join(folder, 'private');
  await model.fit(x, y, { epochs: 1, verbose: 0 });
  await model.save(path);
  const again = await loadModel(path, { custom: { Scaled } });
  expect(await again.evaluate(x, y)).toEqual(await model.evaluate(x, y));
});
