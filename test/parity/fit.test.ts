/**
 * What `fit` and `evaluate` do around the training step, against Keras: partial batches, splits, weights, penalties,
 * metrics, gradient accumulation.
 */
import { layers, Sequential } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import '../support/allclose.js';
import {
  type Golden,
  type GoldenCompile,
  type GoldenWeight,
  golden,
  modelOf,
  tensorOf,
} from '../support/golden.js';

interface FitCase extends GoldenCompile {
  readonly name: string;
  readonly x: Golden;
  readonly y: Golden;
  readonly sampleWeight: Golden | null;
  readonly validationData: {
    readonly x: Golden;
    readonly y: Golden;
    readonly sampleWeight: Golden | null;
  } | null;
  readonly options: Record<string, unknown>;
  readonly history: Record<string, number[]>;
  readonly finalWeights: readonly GoldenWeight[];
  readonly evaluate: { readonly batchSize: number; readonly result: Record<string, number> };
}

const { cases } = golden<{ cases: FitCase[] }>('fit');

/** Keys that Keras does not have. */
const OURS = /^(val_)?(penalty|loss_without_penalty)$/;

async function check(of: FitCase): Promise<void> {
  const model = modelOf(of);
  const [x, y] = [tensorOf(of.x), tensorOf(of.y)];
  const sampleWeight = of.sampleWeight ? { sampleWeight: tensorOf(of.sampleWeight) } : {};
  const validation = of.validationData && Object.values(of.validationData).filter((array) => array !== null);
  const { history } = await model.fit(x, y, {
    ...of.options,
    ...sampleWeight,
    ...(validation ? { validationData: validation.map(tensorOf) as never } : {}),
    shuffle: false,
    verbose: 0,
  });
  const logs: Record<string, number[]> = history;
  expect(
    Object.keys(logs)
      .filter((key) => !OURS.test(key))
      .sort(),
  ).toEqual(Object.keys(of.history).sort());
  for (const [key, values] of Object.entries(of.history)) expect(logs[key]!).toBeAllclose(values);
  model.getWeights().forEach((weight, i) => {
    expect(weight).toBeAllclose(of.finalWeights[i]!);
  });
  const { batchSize, result } = of.evaluate;
  const evaluated: Record<string, number> = await model.evaluate(x, y, { batchSize, ...sampleWeight });
  for (const [key, value] of Object.entries(result)) expect([evaluated[key]!]).toBeAllclose([value]);
}

describe('fit', () => {
  it.each(cases)('$name', check);
});

describe('gradients that are averaged over several batches', () => {
  const { cases: accumulating } = golden<{ cases: FitCase[] }>('accumulation');
  it.each(accumulating)('$name', check);
});

describe('penalties', () => {
  it('stand in the logs, and the loss is their sum with the loss without them', async () => {
    const of = cases.find(({ name }) => name === 'penalties in the losses')!;
    const [x, y] = [tensorOf(of.x), tensorOf(of.y)];
    const model = modelOf(of);
    const logs = await model.evaluate(x, y);
    const factors = [
      ['l2', 0.02],
      ['l1', 0.01],
    ] as const;
    const expected = of.initialWeights.reduce((sum, { data }, i) => {
      const [kind, factor] = factors[i % 2]!;
      return sum + factor * data.reduce((total, w) => total + (kind === 'l2' ? w * w : Math.abs(w)), 0);
    }, 0);
    expect([logs.penalty]).toBeAllclose([expected]);
    const plain = new Sequential<never>([
      layers.input(of.inputShape),
      layers.dense(6, { activation: 'tanh' }),
      layers.dense(3, { activation: 'softmax' }),
    ]);
    plain.compile({ loss: 'categoricalCrossentropy' });
    plain.setWeights(of.initialWeights.map(tensorOf));
    const { loss } = await plain.evaluate(x, y);
    expect([logs.loss_without_penalty, logs.loss]).toBeAllclose([loss, loss + expected]);
    expect(await plain.evaluate(x, y)).toMatchObject({ penalty: 0, loss_without_penalty: loss });
  });
  it('stand in the history too', async () => {
    const of = cases.find(({ name }) => name === 'activity penalty in the losses')!;
    const given = { ...of.options, shuffle: false, verbose: 0 } as const;
    const { history } = await modelOf(of).fit(
      tensorOf(of.x),
      tensorOf(of.y),
      given as typeof given & { validationSplit: 0 },
    );
    for (const [loss, penalty, without] of [
      [history.loss, history.penalty, history.loss_without_penalty],
      [history.val_loss, history.val_penalty, history.val_loss_without_penalty],
    ] as const) {
      expect(penalty.every((value) => value > 0)).toBe(true);
      expect(penalty.map((value, i) => value + without[i]!)).toBeAllclose(loss);
    }
  });
});
