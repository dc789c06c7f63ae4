/**
 * Quickstart: what regularization does for a net with few rows to learn from.
 *
 * Two nets of one architecture learn handwritten digits from 400 images: one with noise on its input, weight penalties,
 * batch normalization, dropout and early stopping, one with none of them. That is done five times, each with other
 * images and other weights to begin with. A regularized net is then exported as ONNX and run by ONNX Runtime, which has
 * to predict the same.
 */
import Table from 'cli-table3';
import {
  callbacks,
  input,
  layers,
  type Model,
  regularizers,
  runtime,
  Sequential,
  setRandomSeed,
  type Tensor,
  tensor,
  trainTestSplit,
} from 'ridgeline';
import { readDigits } from './data/read.js';

const TRAINING_ROWS = 400;
const VALIDATION_ROWS = 300;
const SEEDS = [1, 2, 3, 4, 5];
const FEATURES = 64;
const CLASSES = 10;

/** Noise, then dense with an L2 penalty → batch normalization → ReLU → dropout, three times, and a softmax. */
function buildRegularizedModel(): Sequential {
  const block = (units: number, rate: number) => [
    layers.dense(units, { kernelRegularizer: regularizers.l2(0.001) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ];
  const hidden = [...block(512, 0.3), ...block(256, 0.4), ...block(128, 0.3)];
  const head = layers.dense(CLASSES, { activation: 'softmax' });
  return new Sequential([input([FEATURES]), layers.gaussianNoise(0.3), ...hidden, head], {
    name: 'regularized',
  });
}

/** The same net without noise, penalties, normalization and dropout. */
function buildPlainModel(): Sequential {
  const hidden = [512, 256, 128].map((units) => layers.dense(units, { activation: 'relu' }));
  const head = layers.dense(CLASSES, { activation: 'softmax' });
  return new Sequential([input([FEATURES]), ...hidden, head], { name: 'plain' });
}

const { isa, threads } = runtime();
console.log(`ridgeline on ${isa}, ${threads} threads`);

const { x, y } = readDigits();
const images = x.shape[0]!;
const left = images - TRAINING_ROWS - VALIDATION_ROWS;
console.log(`${TRAINING_ROWS} images to train on, ${VALIDATION_ROWS} to validate, ${left} to test\n`);

type Classifier = Model<'accuracy'>;
type Rows = readonly [x: Tensor, y: Tensor];
const purpose = { optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] } as const;

/** Trains both nets on images that the seed picks, the plain one for as many epochs as the other takes. */
async function train(
  seed: number,
): Promise<{ regularized: Classifier; plain: Classifier; rows: Rows; test: Rows }> {
  const seeded = { seed, stratify: true };
  const split = trainTestSplit(x, y, { ...seeded, testSize: left });
  const inner = trainTestSplit(split.xTrain, split.yTrain, { ...seeded, testSize: VALIDATION_ROWS });
  const rows = [inner.xTrain, inner.yTrain] as const;
  setRandomSeed(seed);
  const regularized = buildRegularizedModel().compile(purpose) as unknown as Classifier;
  const plain = buildPlainModel().compile(purpose) as unknown as Classifier;
  if (seed === SEEDS[0]) regularized.summary();
  console.log(`\nSeed ${seed}: the regularized net, until its validation loss stops falling`);
  const stopping = callbacks.earlyStopping({
    monitor: 'val_loss',
    patience: 20,
    restoreBestWeights: true,
    verbose: 1,
  });
  const validationData = [inner.xTest, inner.yTest] as const;
  const { epoch } = await regularized.fit(...rows, { epochs: 300, validationData, callbacks: [stopping] });
  await plain.fit(...rows, { epochs: epoch.length });
  return { regularized, plain, rows, test: [split.xTest, split.yTest] };
}

/** Accuracy on the rows to train on, the same to test, the gap between them, and the cross-entropy there. */
async function assess(model: Classifier, rows: Rows, test: Rows): Promise<number[]> {
  const [a, b] = [await model.evaluate(...rows), await model.evaluate(...test)];
  return [100 * a.accuracy, 100 * b.accuracy, 100 * (a.accuracy - b.accuracy), b.loss_without_penalty];
}

const start = performance.now();
const found: Record<'plain' | 'regularized', number[][]> = { plain: [], regularized: [] };
let last!: Awaited<ReturnType<typeof train>>;
for (const seed of SEEDS) {
  last = await train(seed);
  for (const name of ['plain', 'regularized'] as const)
    found[name].push(await assess(last[name], last.rows, last.test));
}
console.log(`\nTrained ${2 * SEEDS.length} nets in ${((performance.now() - start) / 1000).toFixed(1)} s.\n`);

/** Mean and its standard error. */
function summary(values: readonly number[], digits: number): string {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b) / n;
  const error = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1) / n);
  return `${mean.toFixed(digits)} ± ${error.toFixed(digits)}`;
}
const table = new Table({
  head: ['net', 'train %', 'test %', 'gap %', 'test cross-entropy'],
  colAligns: ['left', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [] },
});
for (const [name, runs] of Object.entries(found)) {
  const column = (i: number): number[] => runs.map((run) => run[i]!);
  table.push([name, ...[0, 1, 2].map((i) => summary(column(i), 2)), summary(column(3), 3)]);
}
console.log(`Mean and standard error of ${SEEDS.length} seeds:`);
console.log(table.toString());

// Must be set before the runtime loads.
process.env.ORT_DISABLE_TELEMETRY = '1';
const { InferenceSession, Tensor: OrtTensor } = await import('onnxruntime-node');
const { regularized, test } = last;
const bytes = await regularized.export();
const session = await InferenceSession.create(bytes);
const [pixels] = test;
const feeds = {
  [regularized.inputNames[0]!]: new OrtTensor('float32', pixels.data as Float32Array, pixels.shape),
};
const theirs = (await session.run(feeds))[regularized.outputNames[0]!]!;
const ours = (await regularized.predict(pixels)) as Tensor<'float32'>;

const difference = ours.data.reduce((most, p, i) => Math.max(most, Math.abs(p - Number(theirs.data[i]))), 0);
const theirClasses = tensor(theirs.data as Float32Array, { shape: ours.shape }).argMax().data;
const agreeing = ours.argMax().data.filter((label, i) => label === theirClasses[i]).length;
console.log(`\nONNX: ${bytes.length} bytes, run by ONNX Runtime on the test images`);
console.log(`largest difference of a probability: ${difference.toExponential(1)}`);
console.log(`same class predicted: ${agreeing} of ${theirClasses.length}`);
