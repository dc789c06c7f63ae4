/**
 * Quickstart: what regularization does for a net with few rows to learn from.
 *
 * Two nets of one architecture learn handwritten digits from 200 images: one with weight penalties, batch
 * normalization, dropout and early stopping, one with none of them. The regularized one is then exported as ONNX
 * and run by ONNX Runtime, which has to predict the same.
 */
import { readFileSync } from 'node:fs';
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

const TRAINING_ROWS = 200;
const VALIDATION_ROWS = 300;
const FEATURES = 64;
const CLASSES = 10;

/** Dense with an L2 penalty → batch normalization → ReLU → dropout, three times, and a softmax. */
function buildRegularizedModel(): Sequential {
  const block = (units: number, rate: number) => [
    layers.dense(units, { kernelRegularizer: regularizers.l2(0.001) }),
    layers.batchNormalization(),
    layers.activation('relu'),
    layers.dropout(rate),
  ];
  const hidden = [...block(512, 0.3), ...block(256, 0.4), ...block(128, 0.3)];
  const head = layers.dense(CLASSES, { activation: 'softmax' });
  return new Sequential([input([FEATURES]), ...hidden, head], { name: 'regularized' });
}

/** The same net without penalties, normalization and dropout. */
function buildPlainModel(): Sequential {
  const hidden = [512, 256, 128].map((units) => layers.dense(units, { activation: 'relu' }));
  const head = layers.dense(CLASSES, { activation: 'softmax' });
  return new Sequential([input([FEATURES]), ...hidden, head], { name: 'plain' });
}

/** Images as rows of numbers in [0, 1], and the digits they show. */
function readDigits(): { x: Tensor; y: Tensor } {
  const lines = readFileSync(new URL('data/digits.csv', import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .slice(1);
  const rows = lines.map((line) => line.split(',').map(Number));
  const x = tensor(rows.map((row) => row.slice(0, FEATURES).map((pixel) => pixel / 16)));
  return { x, y: tensor(rows.map((row) => row[FEATURES]!)) };
}

setRandomSeed(1);
const { isa, threads } = runtime();
console.log(`ridgeline on ${isa}, ${threads} threads`);

const { x, y } = readDigits();
const seeded = { seed: 1, stratify: true };
const split = trainTestSplit(x, y, { ...seeded, testSize: x.shape[0]! - TRAINING_ROWS - VALIDATION_ROWS });
const inner = trainTestSplit(split.xTrain, split.yTrain, { ...seeded, testSize: VALIDATION_ROWS });
const train = [inner.xTrain, inner.yTrain] as const;
const validation = [inner.xTest, inner.yTest] as const;
const test = [split.xTest, split.yTest] as const;
console.log(
  `${TRAINING_ROWS} images to train on, ${VALIDATION_ROWS} to validate, ${test[0].shape[0]} to test\n`,
);

const purpose = { optimizer: 'adam', loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] } as const;
const regularized = buildRegularizedModel().compile(purpose);
const plain = buildPlainModel().compile(purpose);
regularized.summary();

const start = performance.now();
console.log('\nThe regularized net, until its validation loss stops falling:');
const stopping = callbacks.earlyStopping({
  monitor: 'val_loss',
  patience: 10,
  restoreBestWeights: true,
  verbose: 1,
});
const options = { epochs: 300, validationData: validation, verbose: 1 } as const;
const { epoch } = await regularized.fit(...train, { ...options, callbacks: [stopping] });

console.log('\nThe plain net, for as many epochs:');
await plain.fit(...train, { ...options, epochs: epoch.length });
console.log(
  `\nTrained 2 × ${epoch.length} epochs in ${((performance.now() - start) / 1000).toFixed(1)} s.\n`,
);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const table = new Table({
  head: ['net', 'train', 'validation', 'test', 'gap train − test', 'test cross-entropy'],
  colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
  style: { head: [], border: [] },
});
const assess = async (model: Model<'accuracy'>): Promise<void> => {
  const [a, b, c] = [
    await model.evaluate(...train),
    await model.evaluate(...validation),
    await model.evaluate(...test),
  ];
  const accuracies = [a.accuracy, b.accuracy, c.accuracy, a.accuracy - c.accuracy].map(percent);
  table.push([model.name, ...accuracies, c.loss_without_penalty.toFixed(3)]);
};
await assess(plain);
await assess(regularized);
console.log(table.toString());

// Must be set before the runtime loads.
process.env.ORT_DISABLE_TELEMETRY = '1';
const { InferenceSession, Tensor: OrtTensor } = await import('onnxruntime-node');
const bytes = await regularized.export();
const session = await InferenceSession.create(bytes);
const [images] = test;
const feeds = {
  [regularized.inputNames[0]!]: new OrtTensor('float32', images.data as Float32Array, images.shape),
};
const theirs = (await session.run(feeds))[regularized.outputNames[0]!]!;
const ours = await regularized.predict(images);

const difference = ours.data.reduce((most, p, i) => Math.max(most, Math.abs(p - Number(theirs.data[i]))), 0);
const theirClasses = tensor(theirs.data as Float32Array, { shape: ours.shape }).argMax().data;
const agreeing = ours.argMax().data.filter((label, i) => label === theirClasses[i]).length;
console.log(`\nONNX: ${bytes.length} bytes, run by ONNX Runtime on the test images`);
console.log(`largest difference of a probability: ${difference.toExponential(1)}`);
console.log(`same class predicted: ${agreeing} of ${theirClasses.length}`);
