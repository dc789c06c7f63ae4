/**
 * Bad options of layers, compile, fit and callbacks: the right error, the culprit by name, a guess at what was meant.
 */
import {
  callbacks,
  initializers,
  layers,
  losses,
  metrics,
  optimizers,
  regularizers,
  setRandomSeed,
} from 'ridgeline';
import { describe } from 'vitest';
import { type Case, table } from '../support/cases.js';
import { classes, classifier, numbers, x, y } from '../support/small.js';

// What JavaScript users can pass.
const any = <T>(value: unknown): T => value as T;

describe('layers', () => {
  const rate = (value: unknown): Case => ({
    name: `dropout rate ${value}`,
    run: () => layers.dropout(any(value)),
    code: 'ERR_ARGUMENT',
    says: /^rate must be in \[0, 1\), received /,
  });
  const units = (value: unknown): Case => ({
    name: `dense units ${value}`,
    run: () => layers.dense(any(value)),
    code: 'ERR_ARGUMENT',
    says: /^units must be an integer ≥ 1, received /,
  });
  table([
    ...[1, -0.1, 1.5, Number.NaN, '0.5', null].map(rate),
    ...[0, -1, 2.5, Number.NaN, '8', null, Number.POSITIVE_INFINITY].map(units),
    {
      name: 'factory without arguments',
      run: () => (layers.dense as unknown as () => void)(),
      code: 'ERR_ARGUMENT',
      says: /units must be an integer/,
    },
    {
      name: 'unknown option',
      run: () => layers.dense(1, any({ activaton: 'relu' })),
      code: 'ERR_ARGUMENT',
      says: /dense has no option 'activaton'; did you mean 'activation'\?/,
    },
    {
      name: 'snake_case option',
      run: () => layers.dense(1, any({ use_bias: false })),
      code: 'ERR_ARGUMENT',
      says: /no option 'use_bias'; did you mean 'useBias'/,
    },
    {
      name: 'unknown activation',
      run: () => layers.dense(1, { activation: any('rleu') }),
      code: 'ERR_ARGUMENT',
      says: /^activation .*'rleu'; did you mean 'relu'/,
    },
    {
      name: 'activation named as a method',
      run: () => layers.dense(1, { activation: any('toString') }),
      code: 'ERR_ARGUMENT',
      says: /^activation .*'toString'/,
    },
    {
      name: 'unknown initializer',
      run: () => layers.dense(1, { kernelInitializer: any('glorotNorml') }),
      code: 'ERR_ARGUMENT',
      says: /^kernelInitializer .*did you mean 'glorotNormal'/,
    },
    {
      name: 'initializer named as a method',
      run: () => layers.dense(1, { kernelInitializer: any('toString') }),
      code: 'ERR_ARGUMENT',
      says: /^kernelInitializer .*'toString'/,
    },
    {
      name: 'initializer option',
      run: () => initializers.heNormal(any({ sed: 1 })),
      code: 'ERR_ARGUMENT',
      says: /heNormal has no option 'sed'; did you mean 'seed'/,
    },
    {
      name: 'initializer seed',
      run: () => initializers.heNormal({ seed: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^seed must be an integer ≥ 0, received -1/,
    },
    {
      name: 'unknown regularizer',
      run: () => layers.dense(1, { kernelRegularizer: any('l3') }),
      code: 'ERR_ARGUMENT',
      says: /^kernelRegularizer .*received 'l3'; did you mean/,
    },
    {
      name: 'regularizer as a number',
      run: () => layers.dense(1, { kernelRegularizer: any(0.01) }),
      code: 'ERR_ARGUMENT',
      says: /^kernelRegularizer .*received 0.01/,
    },
    {
      name: 'negative L2',
      run: () => regularizers.l2(-0.1),
      code: 'ERR_ARGUMENT',
      says: /^l2 must be a finite number ≥ 0, received -0.1/,
    },
    {
      name: 'NaN L1',
      run: () => regularizers.l1(Number.NaN),
      code: 'ERR_ARGUMENT',
      says: /^l1 must be a finite number ≥ 0, received NaN/,
    },
    {
      name: 'l1L2 without a factor',
      run: () => regularizers.l1L2(any({ l1: 0.1 })),
      code: 'ERR_ARGUMENT',
      says: /^l2 must be .*received undefined/,
    },
    {
      name: 'l1L2 without options',
      run: () => (regularizers.l1L2 as unknown as () => void)(),
      code: 'ERR_ARGUMENT',
      says: /^l1 must be .*received undefined/,
    },
    {
      name: 'momentum',
      run: () => layers.batchNormalization({ momentum: 1.5 }),
      code: 'ERR_ARGUMENT',
      says: /^momentum .*received 1.5/,
    },
    {
      name: 'epsilon',
      run: () => layers.layerNormalization({ epsilon: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^epsilon .*received -1/,
    },
    {
      name: 'noiseShape',
      run: () => layers.dropout(0.5, { noiseShape: [0] }),
      code: 'ERR_ARGUMENT',
      says: /^noiseShape .*received \[0\]/,
    },
    {
      name: 'layer name',
      run: () => layers.dense(1, { name: 'a/b' }),
      code: 'ERR_ARGUMENT',
      says: /^name must be a non-empty string without '\/', received 'a\/b'/,
    },
    {
      name: 'trainable',
      run: () => layers.dense(1, { trainable: any(1) }),
      code: 'ERR_ARGUMENT',
      says: /^trainable must be a boolean, received 1/,
    },
    { name: 'seed', run: () => setRandomSeed(-1), code: 'ERR_ARGUMENT', says: /^seed .*received -1/ },
  ]);
});

describe('compile', () => {
  table([
    {
      name: 'unknown optimizer',
      run: (m) => m.compile({ optimizer: 'adm', loss: 'mse' }),
      code: 'ERR_ARGUMENT',
      says: /^optimizer .*'adm'; did you mean 'adam'/,
    },
    {
      name: 'unknown loss',
      run: (m) => m.compile({ loss: 'meanSqaredError' }),
      code: 'ERR_ARGUMENT',
      says: /^loss .*did you mean 'meanSquaredError'/,
    },
    {
      name: 'unknown metric',
      run: (m) => m.compile({ loss: 'mse', metrics: ['acuracy'] }),
      code: 'ERR_ARGUMENT',
      says: /^metrics .*did you mean 'accuracy'/,
    },
    {
      name: 'metric that is no list',
      run: (m) => m.compile({ loss: 'mse', metrics: 'mae' }),
      code: 'ERR_ARGUMENT',
      says: /^metrics must be a list, received 'mae'/,
    },
    {
      name: 'no loss',
      run: (m) => m.compile({ optimizer: 'sgd' }),
      code: 'ERR_ARGUMENT',
      says: /^loss must be a loss/,
    },
    {
      name: 'null loss',
      run: (m) => m.compile({ loss: null }),
      code: 'ERR_ARGUMENT',
      says: /^loss must be a loss/,
    },
    { name: 'nothing', run: (m) => m.compile(), code: 'ERR_ARGUMENT', says: /loss/ },
    {
      name: 'unknown option',
      run: (m) => m.compile({ loss: 'mse', metric: [] }),
      code: 'ERR_ARGUMENT',
      says: /compile has no option 'metric'; did you mean 'metrics'/,
    },
    {
      name: 'losses for more outputs',
      run: (m) => m.compile({ loss: ['mse', 'mae'] }),
      code: 'ERR_ARGUMENT',
      says: /^loss must .*1.*received/,
    },
    {
      name: 'loss for an unknown output',
      run: (m) => m.compile({ loss: { dense_9: 'mse' } }),
      code: 'ERR_ARGUMENT',
      says: /^loss .*dense_9/,
    },
    {
      name: 'loss weights for more outputs',
      run: (m) => m.compile({ loss: 'mse', lossWeights: [1, 2] }),
      code: 'ERR_ARGUMENT',
      says: /^lossWeights must be .*received \[1, 2\]/,
    },
    {
      name: 'loss weights by name',
      run: (m) => m.compile({ loss: 'mse', lossWeights: { dense_1: 2 } }),
      code: 'ERR_ARGUMENT',
      says: /^lossWeights must be/,
    },
    {
      name: 'loss weight NaN',
      run: (m) => m.compile({ loss: 'mse', lossWeights: [Number.NaN] }),
      code: 'ERR_ARGUMENT',
      says: /^lossWeights\[0\] .*NaN/,
    },
    {
      name: 'optimizer option',
      run: () => optimizers.adam(any({ beta_1: 0.9 })),
      code: 'ERR_ARGUMENT',
      says: /adam has no option 'beta_1'; did you mean 'beta1'/,
    },
    {
      name: 'negative learning rate',
      run: () => optimizers.sgd({ learningRate: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^learningRate .*received -1/,
    },
    {
      name: 'NaN learning rate on the run',
      run: (m) => {
        m.optimizer.learningRate = Number.NaN;
      },
      code: 'ERR_ARGUMENT',
      says: /^learningRate .*received NaN/,
    },
    {
      name: 'momentum of 1',
      run: () => optimizers.sgd({ momentum: 1 }),
      code: 'ERR_ARGUMENT',
      says: /^momentum must be in \[0, 1\), received 1/,
    },
    {
      name: 'two kinds of clipping',
      run: () => optimizers.adam({ clipNorm: 1, clipValue: 1 }),
      code: 'ERR_ARGUMENT',
      says: /clipNorm and clipValue/,
    },
    {
      name: 'clipping at 0',
      run: () => optimizers.adam({ clipNorm: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^clipNorm must be a number > 0, received 0/,
    },
    {
      name: 'label smoothing',
      run: () => losses.categoricalCrossentropy({ labelSmoothing: 1 }),
      code: 'ERR_ARGUMENT',
      says: /^labelSmoothing must be in \[0, 1\), received 1/,
    },
    {
      name: 'loss option',
      run: () => losses.binaryCrossentropy(any({ from_logits: true })),
      code: 'ERR_ARGUMENT',
      says: /'from_logits'; did you mean 'fromLogits'/,
    },
    {
      name: 'metric option',
      run: () => metrics.binaryAccuracy({ threshold: any('0.5') }),
      code: 'ERR_ARGUMENT',
      says: /^threshold .*received '0.5'/,
    },
  ]);
});

describe('fit', () => {
  const option = (options: Record<string, unknown>, says: RegExp): Case => {
    const name = Object.entries(options).map(
      ([key, value]) => `${key}: ${typeof value === 'object' ? JSON.stringify(value) : value}`,
    );
    return { name: name.join(', '), run: (m) => m.fit(x, y, options), code: 'ERR_ARGUMENT', says };
  };
  table([
    ...[0, -1, 1.5, Number.NaN, '32', 2 ** 32].map((batchSize) =>
      option({ batchSize }, /^batchSize must be an integer .*received/),
    ),
    ...[0, -1, 0.5, 2 ** 33].map((epochs) => option({ epochs }, /^epochs must be an integer .*received/)),
    ...[0, -2, 1.5, 65, 2 ** 32 + 1].map((threads) =>
      option({ threads }, /^threads must be an integer .*received/),
    ),
    ...[1, -0.1, Number.NaN, '0.2'].map((validationSplit) =>
      option({ validationSplit }, /^validationSplit must be in \[0, 1\), received/),
    ),
    option({ validationSplit: 0.95 }, /^validationSplit 0.95 of 10 rows leaves 0 to train on/),
    option({ validationData: x }, /^validationData must be \[x, y\]/),
    option({ validationData: [x] }, /^validationData must be \[x, y\]/),
    option({ validationFreq: 0 }, /^validationFreq must be an integer .*received 0/),
    option({ validationBatchSize: 0 }, /^validationBatchSize must be an integer .*received 0/),
    option({ initialEpoch: -1 }, /^initialEpoch must be an integer .*received -1/),
    option({ shuffle: 'batch' }, /^shuffle must be a boolean, received 'batch'/),
    option({ verbose: 3 }, /^verbose must be 0, 1, 2 or 'auto', received 3/),
    option({ callbacks: {} }, /^callbacks must be a list/),
    option({ callbacks: [null] }, /^callbacks\[0\] must be .*received null/),
    option({ batch_size: 4 }, /fit has no option 'batch_size'; did you mean 'batchSize'/),
    option({ signal: {} }, /^signal must be an AbortSignal/),
    option({ classWeight: [1, 2] }, /^classWeight must be an object/),
    option({ classWeight: { a: 1 } }, /^classWeight must be class indices as keys, received 'a'/),
    option({ classWeight: { 0: -1 } }, /^classWeight\[0\] must be a finite number ≥ 0, received -1/),
    option({ classWeight: { 0: 1 }, sampleWeight: y }, /classWeight and sampleWeight cannot both be given/),
    {
      name: 'options that are no object',
      run: (m) => m.fit(x, y, 5),
      code: 'ERR_ARGUMENT',
      says: /^fit options must be an object, received 5/,
    },
    {
      name: 'null options',
      run: (m) => m.fit(x, y, null),
      code: 'ERR_ARGUMENT',
      says: /^fit options must be an object, received null/,
    },
    {
      name: 'predict: batchSize',
      run: (m) => m.predict(x, { batchSize: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^batchSize .*received 0/,
    },
    {
      name: 'predict: threads',
      run: (m) => m.predict(x, { threads: 65 }),
      code: 'ERR_ARGUMENT',
      says: /^threads .*received 65/,
    },
    {
      name: 'predict: unknown option',
      run: (m) => m.predict(x, { bachSize: 1 }),
      code: 'ERR_ARGUMENT',
      says: /did you mean 'batchSize'/,
    },
    {
      name: 'predict: null options',
      run: (m) => m.predict(x, null),
      code: 'ERR_ARGUMENT',
      says: /^predict options must be an object/,
    },
    {
      name: 'evaluate: batchSize',
      run: (m) => m.evaluate(x, y, { batchSize: 2 ** 32 }),
      code: 'ERR_ARGUMENT',
      says: /^batchSize .*received 4294967296/,
    },
    {
      name: 'trainOnBatch: threads',
      run: (m) => m.trainOnBatch(x, y, { threads: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^threads .*received 0/,
    },
    {
      name: 'classWeight of a class that is not there is no error, a bad label is',
      run: () =>
        classifier().fit(
          x,
          classes.map(() => 9),
          { classWeight: { 9: 1 } },
        ),
      code: 'ERR_ARGUMENT',
      says: /^y must be class indices/,
    },
  ]);
});

describe('callbacks', () => {
  const fit =
    (options: object): Case['run'] =>
    (m) =>
      m.fit(x, y, { callbacks: [callbacks.earlyStopping(options)] });
  table([
    {
      name: 'unknown monitor',
      run: fit({ monitor: 'val_los' }),
      code: 'ERR_ARGUMENT',
      says: /monitor 'val_los' is not in the logs; there are loss, penalty/,
    },
    {
      name: 'monitor of validation without any',
      run: fit({}),
      code: 'ERR_ARGUMENT',
      says: /monitor 'val_loss' is not in the logs/,
    },
    {
      name: 'negative patience',
      run: fit({ patience: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^patience must be an integer ≥ 0, received -1/,
    },
    {
      name: 'NaN minDelta',
      run: fit({ minDelta: Number.NaN }),
      code: 'ERR_ARGUMENT',
      says: /^minDelta .*NaN/,
    },
    {
      name: 'fraction of an epoch',
      run: fit({ startFromEpoch: 0.5 }),
      code: 'ERR_ARGUMENT',
      says: /^startFromEpoch must be an integer ≥ 0, received 0.5/,
    },
    {
      name: 'unknown mode',
      run: fit({ mode: 'mni' }),
      code: 'ERR_ARGUMENT',
      says: /^mode .*did you mean 'min'/,
    },
    {
      name: 'mode auto of a metric without direction',
      run: (m) =>
        m
          .compile({
            loss: 'mse',
            metrics: [
              function odd(_: never, p: never) {
                return p;
              },
            ],
          })
          .fit(x, y, { epochs: 2, callbacks: [callbacks.earlyStopping({ monitor: 'odd' })] }),
      code: 'ERR_ARGUMENT',
      says: /mode must be 'min' or 'max' to watch 'odd'/,
    },
    {
      name: 'unknown option',
      run: fit({ patiense: 3 }),
      code: 'ERR_ARGUMENT',
      says: /earlyStopping has no option 'patiense'; did you mean 'patience'/,
    },
  ]);
});

describe('sizes', () => {
  table([
    {
      name: 'more memory than there is',
      run: () => layers.dense(1e9)(numbers(1, 1000)),
      code: 'ERR_MEMORY',
      says: /dense.*|kernel/,
    },
    {
      name: 'more elements than an address space',
      run: () => layers.dense(Number.MAX_SAFE_INTEGER)(numbers(1, 1000)),
      code: '(ERR_MEMORY|ERR_SHAPE)',
      says: /dense/,
    },
  ]);
});
