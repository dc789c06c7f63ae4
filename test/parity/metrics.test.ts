/**
 * Every metric against Keras: running values over batches of several sizes.
 */
import { input, layers, Model, metrics, ops, type SymbolicTensor, type Tensor } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import type { Metric } from '../../src/metrics/index.js';
import '../support/allclose.js';
import { type Golden, golden, make, tensorOf } from '../support/golden.js';

interface Update {
  readonly yTrue: Golden;
  readonly yPred: Golden;
  readonly sampleWeight: Golden | null;
}

interface MetricCase {
  readonly name: string;
  readonly metric: string;
  readonly config: Record<string, unknown>;
  readonly updates: readonly [Update, ...Update[]];
  readonly results: readonly Golden[];
}

const { cases } = golden<{ cases: MetricCase[] }>('metrics');
/** Arrays one after the other along the first axis. */
function joined(arrays: readonly Golden[]): Tensor {
  const [first] = arrays as [Golden];
  const rows = arrays.reduce((sum, { shape }) => sum + shape[0]!, 0);
  return tensorOf({
    ...first,
    shape: [rows, ...first.shape.slice(1)],
    data: arrays.flatMap(({ data }) => data),
  });
}

/** What `evaluate` says after each update; predictions are the model's inputs. */
async function check({ metric, config, updates, results }: MetricCase): Promise<void> {
  const x = input(updates[0].yPred.shape.slice(1));
  const model = new Model({ inputs: x, outputs: layers.activation('linear')(x) });
  const weighted = updates[0].sampleWeight !== null;
  const of = make<Metric>(metrics, metric, config);
  const loss = (_: SymbolicTensor, yPred: SymbolicTensor) =>
    ops.mean(ops.cast(yPred, 'float32'), { axis: -1 });
  model.compile({ loss, [weighted ? 'weightedMetrics' : 'metrics']: [of] });
  for (const [i, expected] of results.entries()) {
    const seen = updates.slice(0, i + 1);
    const sampleWeight = weighted ? { sampleWeight: joined(seen.map((update) => update.sampleWeight!)) } : {};
    // Batches of 3 leave rests, which count by their size.
    const options = { batchSize: 3, ...sampleWeight };
    const logs = await model.evaluate(
      joined(seen.map((u) => u.yPred)),
      joined(seen.map((u) => u.yTrue)),
      options,
    );
    expect([logs[of.name]!].flat()).toBeAllclose([...expected.data]);
  }
}

/** What a metric by itself says after each update. */
function checkRunning({ metric, config, updates, results }: MetricCase): void {
  const of = new metrics.RunningMetric(make<Metric>(metrics, metric, config));
  for (const [i, expected] of results.entries()) {
    const { yTrue, yPred, sampleWeight } = updates[i]!;
    of.updateState(tensorOf(yTrue), tensorOf(yPred), {
      sampleWeight: sampleWeight ? tensorOf(sampleWeight) : undefined,
    });
    expect([of.result()].flat()).toBeAllclose([...expected.data]);
  }
}

describe('metrics', () => {
  it.each(cases)('$name', check);
  it.each(cases)('$name by itself', checkRunning);
  it('r2 of labels that are alike is 0, as in Keras', async () => {
    const x = input([1]);
    const of = layers.activation('linear')(x);
    const model = new Model({ inputs: x, outputs: of }).compile({ loss: 'mse', metrics: ['r2Score'] });
    const alike = [
      [[0.3], [0.5]],
      [[0.3, 0.3], [0.5, 0.2]],
      [[0.3, 0.3, 0.3], [0.5, 0.2, 0.1]],
      [Array(5).fill(7.7), Array(5).fill(0.2)],
      [Array(10).fill(0.1), Array(10).fill(0.2)],
    ]; // biome-ignore format: pairs
    for (const [labels, predictions] of alike as [number[], number[]][]) {
      const logs = await model.evaluate(predictions.map((p) => [p]), labels.map((y) => [y])); // biome-ignore format: rows
      expect(logs.r2_score).toBe(0);
    }
  });
  it('are all that Keras has', () => {
    const { RunningMetric: _, ...all } = metrics;
    const withoutGolden = Object.keys(all).filter((name) => !cases.some((of) => of.metric === name));
    // Means of losses that Keras has as losses alone, whose values have golden cases there.
    const asLosses = ['circle', 'dice', 'huber', 'tversky', 'crossentropy'];
    const focal = ['binaryFocalCrossentropy', 'categoricalFocalCrossentropy'];
    const elsewhere = [...asLosses, ...focal, 'categoricalGeneralizedCrossEntropy'];
    expect(withoutGolden.sort()).toEqual(elsewhere.sort());
  });
});
