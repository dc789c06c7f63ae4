/**
 * Bad options of layers and compile: the right error, the culprit by name, a guess at what was meant.
 */
import {
  initializers,
  input,
  layers,
  loadModel,
  losses,
  Model,
  metrics,
  ops,
  optimizers,
  regularizers,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { type Case, notPlain, table } from '../support/cases.js';
import { bits, expectFailure, expectTrains, numbers, regression, x, y } from '../support/small.js';

// What JavaScript users can pass.
const any = <T>(value: unknown): T => value as T;

const { schedules } = optimizers;
const START = { initialLearningRate: 0.1 };

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
      name: 'class without config',
      run: () => new layers.Dense(any<layers.DenseConfig>(undefined)),
      code: 'ERR_ARGUMENT',
      says: /units must be an integer/,
    },
    {
      name: 'config that is no object',
      run: () => new layers.ReLU(any(null)),
      code: 'ERR_ARGUMENT',
      says: /config of ReLU must be an object, received null/,
    },
    {
      name: 'activation without a function',
      run: () => layers.activation(any(undefined)),
      code: 'ERR_ARGUMENT',
      says: /activation must be a name or a function of ops, received undefined/,
    },
    {
      name: 'option of a loss that has none',
      run: () => losses.meanSquaredError(any({ delta: 2 })),
      code: 'ERR_ARGUMENT',
      says: /meanSquaredError has no option 'delta'; it has reduction/,
    },
    {
      name: 'reduction that leaves several values',
      run: () => losses.meanSquaredError({ reduction: any('none') }),
      code: 'ERR_ARGUMENT',
      says: /reduction/,
    },
    {
      name: 'q of a generalized cross-entropy',
      run: () => losses.categoricalGeneralizedCrossEntropy({ q: 0 }),
      code: 'ERR_ARGUMENT',
      says: /q must be in \(0, 1\], received 0/,
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
      run: () => regression().compile({ optimizer: 'sgd' }).fit(x, null),
      code: 'ERR_ARGUMENT',
      says: /^loss must be a loss, since no layer adds one/,
    },
    {
      name: 'null loss',
      run: () => regression().compile({ loss: null }).fit(x, null),
      code: 'ERR_ARGUMENT',
      says: /^loss must be a loss, since no layer adds one/,
    },
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
      name: 'loss weights by a name that no output has',
      run: (m) => m.compile({ loss: 'mse', lossWeights: { dense_2: 2 } }),
      code: 'ERR_ARGUMENT',
      says: /^lossWeights .*'dense_2'; did you mean 'dense_1'\?/,
    },
    {
      name: 'loss weight NaN',
      run: (m) => m.compile({ loss: 'mse', lossWeights: [Number.NaN] }),
      code: 'ERR_ARGUMENT',
      says: /^lossWeights\[0\] .*NaN/,
    },
    {
      name: 'optimizer option',
      run: () => optimizers.adam({ beta_1: 0.9 } as object),
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
      name: 'learning rate of another kind',
      run: () => optimizers.sgd({ learningRate: any(true) }),
      code: 'ERR_ARGUMENT',
      says: /^learningRate must be a finite number ≥ 0, a schedule or a function of ops, received true/,
    },
    {
      name: 'another optimizer as a schedule',
      run: () => optimizers.sgd({ learningRate: any(optimizers.sgd()) }),
      code: 'ERR_ARGUMENT',
      says: /^learningRate must be /,
    },
    {
      name: 'schedule that nobody has',
      run: () => optimizers.sgd({ learningRate: any({ name: 'cosineDecai' }) }),
      code: 'ERR_ARGUMENT',
      says: /^learningRate must be one of .*received 'cosineDecai'; did you mean 'cosineDecay'\?/,
    },
    {
      name: 'schedule without options',
      run: () => optimizers.sgd({ learningRate: any('exponentialDecay') }),
      code: 'ERR_ARGUMENT',
      says: /^initialLearningRate must be a finite number ≥ 0, received undefined/,
    },
    {
      name: 'schedule option',
      run: () => schedules.cosineDecay(any({ ...START, decaySteps: 1, warmup_steps: 1 })),
      code: 'ERR_ARGUMENT',
      says: /^cosineDecay has no option 'warmup_steps'; did you mean 'warmupSteps'/,
    },
    {
      name: 'schedule over no steps',
      run: () => schedules.polynomialDecay({ ...START, decaySteps: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^decaySteps must be a number > 0, received 0/,
    },
    {
      name: 'schedule to below zero',
      run: () => schedules.polynomialDecay({ ...START, decaySteps: 1, endLearningRate: -1 }),
      code: 'ERR_ARGUMENT',
      says: /^endLearningRate must be a finite number ≥ 0, received -1/,
    },
    {
      name: 'schedule of shorter and shorter periods',
      run: () => schedules.cosineDecayRestarts({ ...START, firstDecaySteps: 1, tMul: 0.5 }),
      code: 'ERR_ARGUMENT',
      says: /^tMul must be a number ≥ 1, received 0.5/,
    },
    {
      name: 'schedule of too few values',
      run: () => schedules.piecewiseConstantDecay({ boundaries: [1, 2], values: [0.1, 0.2] }),
      code: 'ERR_ARGUMENT',
      says: /^values must be one more than boundaries, received 2 for 2/,
    },
    {
      name: 'schedule that goes back',
      run: () => schedules.piecewiseConstantDecay({ boundaries: [2, 1], values: [0.1, 0.2, 0.3] }),
      code: 'ERR_ARGUMENT',
      says: /^boundaries must increase, received \[2\.0, 1\.0\]/,
    },
    {
      name: 'schedule of values that are none',
      run: () => schedules.piecewiseConstantDecay({ boundaries: [1], values: [0.1, Number.NaN] }),
      code: 'ERR_ARGUMENT',
      says: /^values must be a list of finite numbers ≥ 0, received \[0.1, NaN\]/,
    },
    {
      name: 'schedule at a step that is none',
      run: () => schedules.exponentialDecay({ ...START, decaySteps: 1, decayRate: 1 }).at(-1),
      code: 'ERR_ARGUMENT',
      says: /^steps must be an integer ≥ 0, received -1/,
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
    ...[1, 0, 2.5, '2', Number.NaN].map((value) => ({
      name: `gradientAccumulationSteps ${value}`,
      run: () => optimizers.sgd({ gradientAccumulationSteps: any(value) }),
      code: 'ERR_ARGUMENT',
      says: /^gradientAccumulationSteps must be an integer ≥ 2, received /,
    })),
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
    {
      name: 'a matrix of more classes than can be held',
      run: () => metrics.meanIoU({ numClasses: 1e9 }),
      code: 'ERR_ARGUMENT',
      says: /^numClasses must be an integer between 1 and 16384/,
    },
    {
      name: 'more copies of elements than can be held',
      run: () => ops.repeat(ops.broadcastTo(tensor([1]), [1e6]), 4096),
      code: 'ERR_ARGUMENT',
      says: /^repeats must be at most 268435456 of all elements/,
    },
    {
      name: 'values between a bound and a smaller one',
      run: () => initializers.randomUniform({ minval: 1, maxval: 0 }),
      code: 'ERR_ARGUMENT',
      says: /^maxval must be at least minval, 1, received 0/,
    },
  ]);
});

test('an option by position says how it is given', () => {
  expect(() => layers.dense(1, 'relu' as never)).toThrow(
    /^config of Dense must be an object, such as { activation: 'relu' }, received 'relu'$/,
  );
});

describe('objects that are no options', () => {
  // biome-ignore lint/suspicious/noExplicitAny: they are passed where they do not belong.
  const places: [where: string, run: (model: any, given: any) => unknown, says: RegExp][] = [
    ['a layer', (_, given) => layers.dense(1, given), /^config of Dense must be an object, received/],
    [
      'a layer without positions',
      (_, given) => layers.batchNormalization(given),
      /^config of .* must be an object/,
    ],
    ['an input', (_, given) => input([1], given), /^input options must be an object, received/],
    ['a Sequential', (_, given) => new Sequential([], given), /^Sequential options must be an object/],
    ['a Model', (_, given) => new Model(given), /must be an object/],
    [
      'an optimizer',
      (_, given) => optimizers.sgd(given),
      /^learningRate must be .* a schedule or a function/,
    ],
    ['its options', (_, given) => optimizers.sgd(0.1, given), /^sgd options must be an object, received/],
    [
      'a loss',
      (_, given) => losses.binaryCrossentropy(given),
      /^binaryCrossentropy options must be an object/,
    ],
    ['a metric', (_, given) => metrics.binaryAccuracy(given), /^binaryAccuracy options must be an object/],
    ['compile', (model, given) => model.compile(given), /^compile options must be an object, received/],
    ['optimizer', (model, optimizer) => model.compile({ optimizer, loss: 'mse' }), /^optimizer must be /],
    ['loss', (model, loss) => model.compile({ loss }), /^loss must be /],
    [
      'lossWeights',
      (model, lossWeights) => model.compile({ loss: 'mse', lossWeights }),
      /^lossWeights must be a list, or an object by the names of outputs, received/,
    ],
    [
      'metrics',
      (model, metrics) => model.compile({ loss: 'mse', metrics }),
      /^metrics must be a list, received/,
    ],
    ['a call', (_, given) => layers.dense(1)(x, given), /^calling dense options must be an object, received/],
    ['loadModel', (_, given) => loadModel('nowhere', given), /^loadModel options must be an object/],
    ['custom', (_, custom) => loadModel('nowhere', { custom }), /^custom must be an object of classes/],
  ];
  table(
    places.flatMap(([where, run, says]) =>
      notPlain.map(([what, given]) => ({
        name: `${where}: ${what}`,
        run: (model) => run(model, given),
        code: 'ERR_ARGUMENT',
        says,
      })),
    ),
  );
});

describe('names that no file can hold', () => {
  const makes: [what: string, make: (name: string) => unknown][] = [
    ['a layer', (name) => layers.dense(1, { name })],
    ['an input', (name) => input([1], { name })],
    ['a Sequential', (name) => new Sequential([], { name })],
    ['a Model', (name) => new Model({ inputs: input([1]), outputs: [] as SymbolicTensor[], name })],
  ];
  const names = [
    ['half of a surrogate pair', 'a\ud83d'],
    ['the other half', '\ude00b'],
    ['zero', 'a\0b'],
    ['nothing', ''],
  ] as const;
  table(
    makes.flatMap(([what, make]) =>
      names.map(([fault, name]) => ({
        name: `${what}: ${fault}`,
        run: () => make(name),
        code: 'ERR_ARGUMENT',
        says: /^name must be a non-empty string/,
      })),
    ),
  );

  test('whole pairs are fine', async () => {
    const at = input([4], { name: 'x 😀' });
    const model = new Model({ inputs: at, outputs: layers.dense(1, { name: 'y 😀' })(at) });
    expect([model.inputNames, model.outputNames]).toEqual([['x 😀'], ['y 😀']]);
    await expectTrains(model.compile({ loss: 'mse' }) as Model);
  });
});

describe('numbers that float32 does not hold', () => {
  const cases: [name: string, run: (model: Model) => unknown, says: RegExp][] = [
    ['rescaling', () => layers.rescaling(1e39), /^scale must be a finite number, received 1e\+39/],
    ['rescaling, offset', () => layers.rescaling(1, { offset: -1e39 }), /^offset .*received -1e\+39/],
    ['learning rate', () => optimizers.sgd({ learningRate: 1e39 }), /^learningRate .*received 1e\+39/],
    [
      'learning rate on the run',
      (model) => {
        model.optimizer.learningRate = 1e39;
      },
      /^learningRate .*received 1e\+39/,
    ],
    [
      'learning rate of a schedule',
      () => schedules.polynomialDecay({ initialLearningRate: 1e39, decaySteps: 1 }),
      /^initialLearningRate .*received 1e\+39/,
    ],
    ['penalty', () => regularizers.l2(1e39), /^l2 must be a finite number ≥ 0, received 1e\+39/],
    [
      'penalty of a layer',
      () => layers.dense(1, { kernelRegularizer: { name: 'l1', l1: 1e39 } }),
      /^l1 .*1e\+39/,
    ],
    ['initial weight', () => initializers.constant({ value: 1e39 }), /^value .*received 1e\+39/],
    [
      'loss weight',
      (model) => model.compile({ loss: 'mse', lossWeights: [1e39] } as never),
      /^lossWeights\[0\] .*1e\+39/,
    ],
    ['operand', () => ops.mul(x, 1e39), /1e\+39/],
  ];
  table(cases.map(([name, run, says]) => ({ name, run, code: 'ERR_ARGUMENT', says })));
});

describe('axes', () => {
  const nine = Array<number>(9).fill(1);
  table([
    ...Object.entries({
      input: () => layers.flatten()(input(nine.slice(1))),
      reshape: () => ops.reshape(numbers(1, 1), nine),
      broadcastTo: () => ops.broadcastTo(numbers(1, 1), nine),
      'a layer': () => layers.reshape(nine.slice(1))(numbers(1, 1)),
      tensor: () => tensor([1], { shape: nine }),
      'method reshape': () => tensor([1]).reshape(nine),
    }).map(([what, run]) => ({
      name: `nine of ${what}`,
      run,
      code: 'ERR_SHAPE',
      says: /a tensor has at most 8 axes, received \[(1|\?), 1, 1, 1, 1, 1, 1, 1, 1\]/,
    })),
    ...(['sum', 'mean', 'max', 'min'] as const).map((op) => ({
      name: `none of ${op}`,
      run: () => ops[op](x, { axis: [] }),
      code: 'ERR_ARGUMENT',
      says: /^axis must be an axis, or a list of at least one, received \[\]/,
    })),
    {
      name: 'none of a normalization',
      run: () => layers.layerNormalization({ axis: [] }),
      code: 'ERR_ARGUMENT',
      says: /^axis must be an integer or a list of integers, received \[\]/,
    },
    ...[5e7, -5e7, 0.5, Number.NaN].map((axis) => ({
      name: `${axis} of softmax`,
      run: () => ops.softmax(x, axis),
      code: 'ERR_ARGUMENT',
      says: /^axis must be an integer between -2 and 1, received/,
    })),
    {
      name: '5e7 of a softmax layer',
      run: () => layers.softmax({ axis: 5e7 })(input([4])),
      code: 'ERR_ARGUMENT',
      says: /layer 'softmax': axis must be .*received 50000000/,
    },
  ]);

  test('that are far out are refused at once', async () => {
    const began = performance.now();
    // Who counts up to it takes minutes.
    await expectFailure(() => ops.softmax(x, 5e12), 'ERR_ARGUMENT', /axis/);
    await expectFailure(() => ops.transpose(x, Array(5).fill(5e12)), '(ERR_ARGUMENT|ERR_SHAPE)', /./);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

describe('keys of logs', () => {
  test.each([
    [{ metrics: ['mae'], weightedMetrics: ['mae'] }, ['mae', 'weighted_mae']],
    [{ weightedMetrics: ['mae'] }, ['mae']],
    [{ metrics: ['mse'], weightedMetrics: ['mae'] }, ['mse', 'mae']],
  ] as const)('%o', async (options, keys) => {
    const model = regression().compile({ loss: 'mse', ...options } as never) as Model;
    const plain = ['loss', 'penalty', 'loss_without_penalty'];
    const { history } = await model.fit(x, y, { sampleWeight: y });
    expect(Object.keys(history).sort()).toEqual([...plain, ...keys].sort());
    expect(Object.keys(await model.evaluate(x, y)).sort()).toEqual([...plain, ...keys].sort());
  });

  test.each([
    [['val', 'loss'], 'val_loss'],
    [['val_a', 'a'], 'val_a_loss'],
  ])('of outputs %o would be the same', async (names, key) => {
    const at = input([4]);
    const outputs = names.map((name) => layers.dense(1, { name })(at));
    const model = new Model({ inputs: at, outputs });
    const compile = (): unknown => model.compile({ loss: 'mse' });
    await expectFailure(compile, 'ERR_ARGUMENT', new RegExp(`^two numbers would be called '${key}'`));
  });
});

test('no metric is called as callbacks call the learning rate', async () => {
  const metric = metrics.meanAbsoluteError({ name: 'learning_rate' });
  const compile = (): unknown => regression().compile({ loss: 'mse', metrics: [metric] });
  await expectFailure(compile, 'ERR_ARGUMENT', /^two numbers would be called 'learning_rate'/);
});

test.each(['', ' ', '\ud800', 3])('no metric is called %j', (name) => {
  expect(() => metrics.meanAbsoluteError({ name: name as string })).toThrow('name must be a key in logs');
});

test('a failed compile leaves the model as it was', async () => {
  const model = regression();
  await model.fit(x, y, { epochs: 2 });
  const [optimizer, before, logs] = [model.optimizer, bits(model), await model.evaluate(x, y)];
  for (const wrong of [
    { optimizer: 'adm', loss: 'mae' },
    { optimizer: 'sgd', loss: 'nothing' },
    { optimizer: 'sgd', loss: 'mse', metrics: ['nothing'] },
    { optimizer: 'sgd', loss: 'mse', metrics: ['mae'], batchSize: 3 },
  ])
    await expectFailure(() => model.compile(wrong as never), 'ERR_ARGUMENT', /./);
  expect(model.optimizer).toBe(optimizer);
  expect(bits(model)).toEqual(before);
  expect(await model.evaluate(x, y)).toEqual(logs);
  expect(model.epoch).toBe(2);
  const twin = regression();
  await twin.fit(x, y, { epochs: 2 });
  expect(await model.trainOnBatch(x, y)).toEqual(await twin.trainOnBatch(x, y));
  expect(bits(model)).toEqual(bits(twin));
});

test('a failed first compile leaves the model without one', async () => {
  const model = new Sequential([input([4]), layers.dense(1)]);
  await expectFailure(
    () => model.compile({ optimizer: 'adm' as never, loss: 'mse' }),
    'ERR_ARGUMENT',
    /adam/,
  );
  await expectFailure(() => model.fit(x, y), 'ERR_NOT_COMPILED', /./);
});

describe('what Keras users write', () => {
  test('classes take what their factories do', () => {
    expect(new layers.Dropout(0.3).getConfig()).toMatchObject({ rate: 0.3 });
    expect(new layers.Dropout(0.3, { name: 'd' }).getConfig()).toMatchObject({ rate: 0.3, name: 'd' });
    expect(new layers.Dropout({ rate: 0.3 }).getConfig()).toMatchObject({ rate: 0.3 });
    expect(new layers.Dense(3).getConfig()).toMatchObject({ units: 3 });
  });

  test.each([
    ['Input([3])', () => layers.Input([3]), [null, 3]],
    ['input(64)', () => input(64), [null, 64]],
    ['input({ shape })', () => input({ shape: [64] }), [null, 64]],
    ['input({ shape, dtype, name })', () => input({ shape: [64], dtype: 'float32', name: 'a' }), [null, 64]],
    ['layers.input(64)', () => layers.input(64), [null, 64]],
  ] as const)('%s', (_, make, shape) => {
    expect(make().shape).toEqual(shape);
  });

  table([
    {
      name: 'input(0)',
      run: () => input(0),
      code: 'ERR_ARGUMENT',
      says: /^shape must be a list of sizes ≥ 1 and null, received \[0\]/,
    },
    {
      name: 'input({ shape, dype })',
      run: () => input({ shape: [3], dype: 'int32' } as never),
      code: 'ERR_ARGUMENT',
      says: /^input has no option 'dype'; did you mean 'dtype'/,
    },
    ...['l1_l2', 'l1L2'].map((name) => ({
      name,
      run: () => layers.dense(1, { kernelRegularizer: any(name) }),
      code: 'ERR_ARGUMENT',
      says: /^kernelRegularizer must be regularizers\.l1L2\(\{ l1, l2 \}\).*received 'l1_?[lL]2'/,
    })),
  ]);
});
