/**
 * What each means against overfitting costs: milliseconds of the mlp training step with it, beside the same step
 * without, in one interleaved run.
 *
 * usage: npm run bench -- regularization [--threads n] [--rounds n] [--only pattern] [--json]
 *
 * The bare net is 784 → [dense → batch normalization → ReLU] of 512, 256, 128 → dense 10 softmax, batches of 128, Adam.
 * Every round trains each net in turn; what counts is the median over rounds of the ratio to the bare net's time in the
 * same round.
 */
import { parseArgs } from 'node:util';
import {
  constraints,
  layers,
  metrics,
  optimizers,
  regularizers,
  runtime,
  Sequential,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { count } from './arguments.js';
import { cpus, moveTo } from './cpus.js';
import { statistics } from './statistics.js';

const [FEATURES, BATCH, STEPS, CLASSES] = [784, 128, 24, 10];

/** What is changed of the bare net. */
interface Change {
  readonly dense?: Omit<layers.DenseOptions, 'units'>;
  /** A layer behind every ReLU. */
  readonly behind?: () => layers.Layer;
  readonly optimizer?: () => optimizers.Optimizer;
  readonly metrics?: readonly metrics.MetricIdentifier[];
}

const adam = (options: optimizers.AdamOptions) => ({ optimizer: () => optimizers.adam(options) });
const { schedules } = optimizers;
const CHANGES: Readonly<Record<string, Change>> = {
  bare: {},
  dropout: { behind: () => layers.dropout(0.3) },
  gaussianDropout: { behind: () => layers.gaussianDropout(0.3) },
  gaussianNoise: { behind: () => layers.gaussianNoise(0.1) },
  l1: { dense: { kernelRegularizer: regularizers.l1(1e-4) } },
  l2: { dense: { kernelRegularizer: regularizers.l2(1e-3) } },
  l1L2: { dense: { kernelRegularizer: regularizers.l1L2({ l1: 1e-4, l2: 1e-3 }) } },
  'activity l2': { dense: { activityRegularizer: regularizers.l2(1e-4) } },
  maxNorm: { dense: { kernelConstraint: constraints.maxNorm(3) } },
  'maxNorm of rows': { dense: { kernelConstraint: constraints.maxNorm(3, { axis: 1 }) } },
  unitNorm: { dense: { kernelConstraint: constraints.unitNorm() } },
  nonNeg: { dense: { biasConstraint: 'nonNeg', kernelConstraint: 'nonNeg' } },
  weightDecay: adam({ weightDecay: 0.01 }),
  clipValue: adam({ clipValue: 1 }),
  clipNorm: adam({ clipNorm: 1 }),
  globalClipNorm: adam({ globalClipNorm: 1 }),
  useEma: adam({ useEma: true }),
  'cosine decay': adam({
    learningRate: schedules.cosineDecay({ initialLearningRate: 1e-3, decaySteps: 1e6 }),
  }),
  accuracy: { metrics: ['accuracy'] },
  precision: { metrics: [metrics.precision()] },
  auc: { metrics: [metrics.auc()] },
  f1Score: { metrics: [metrics.f1Score()] },
  topKCategoricalAccuracy: { metrics: [metrics.topKCategoricalAccuracy({ k: 3 })] },
};

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '15' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});
const threads = count('threads', values.threads);
const rounds = count('rounds', values.rounds);
moveTo(cpus().slice(0, threads));

const numbers = (columns: number, of: (i: number) => number) =>
  tensor(
    Float32Array.from({ length: BATCH * STEPS * columns }, (_, i) => of(i)),
    { shape: [BATCH * STEPS, columns] },
  );
const x = numbers(FEATURES, () => Math.random() * 4 - 2);
const y = numbers(CLASSES, (i) => Number(Math.floor(i / CLASSES) % CLASSES === i % CLASSES));

function build({ dense, behind, optimizer, metrics = [] }: Change): Sequential {
  setRandomSeed(0);
  const hidden = [512, 256, 128].flatMap((units) => [
    layers.dense(units, dense),
    layers.batchNormalization(),
    layers.activation('relu'),
    ...(behind ? [behind()] : []),
  ]);
  const head = layers.dense(CLASSES, { activation: 'softmax' });
  return new Sequential([layers.input([FEATURES]), ...hidden, head]).compile({
    optimizer: optimizer?.() ?? 'adam',
    loss: 'categoricalCrossentropy',
    metrics,
  });
}

const wanted = Object.entries(CHANGES).filter(([name]) => name === 'bare' || name.match(values.only));
const nets = wanted.map(([name, change]) => ({
  name,
  model: build(change),
  ratios: [] as number[],
  ms: [] as number[],
}));
const time = async (model: Sequential): Promise<number> => {
  const start = performance.now();
  await model.fit(x, y, { batchSize: BATCH, threads, verbose: 0 });
  return (performance.now() - start) / STEPS;
};
for (const { model } of nets) await time(model);
for (let round = 0; round < rounds; round++) {
  let bare = 0;
  for (const net of nets) {
    // The faster of two, as another program may have been at it.
    const ms = Math.min(await time(net.model), await time(net.model));
    if (net.name === 'bare') bare = ms;
    net.ms.push(ms);
    net.ratios.push(ms / bare);
  }
}
const report = nets.map(({ name, ms, ratios }) => ({
  name,
  ms_per_step: statistics(ms).median,
  cost_percent: 100 * (statistics(ratios).median - 1),
}));
if (values.json) console.log(JSON.stringify({ threads, rounds, isa: runtime().isa, nets: report }));
else {
  console.log(`mlp step on ${runtime().isa}, ${threads} threads, medians of ${rounds} rounds`);
  for (const { name, ms_per_step, cost_percent } of report)
    console.log(
      `${name.padEnd(24)} ${ms_per_step.toFixed(3).padStart(8)} ms ${cost_percent.toFixed(1).padStart(7)} %`,
    );
}
