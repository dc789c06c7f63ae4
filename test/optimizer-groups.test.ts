/**
 * Groups of weights with optimizers of their own.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  layers,
  loadModel,
  type Model,
  ops,
  optimizers,
  Sequential,
  setRandomSeed,
} from 'ridgeline';
import { afterAll, expect, test } from 'vitest';
import './support/allclose.js';
import { numbers } from './support/small.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-groups-'));
afterAll(() => rmSync(folder, { recursive: true }));

const [x, y] = [numbers(40, 6), numbers(40, 1)];
const net = (optimizer: optimizers.Optimizer): Model => {
  setRandomSeed(4);
  return new Sequential([
    layers.input([6]),
    layers.dense(40, { name: 'body', activation: 'tanh', kernelRegularizer: 'l2' }),
    layers.dense(1, { name: 'head' }),
  ]).compile({ optimizer, loss: 'mse' });
};
const options = { epochs: 3, batchSize: 8, verbose: 0 } as const;
const { adam, rmsprop, sgd, schedules } = optimizers;

test('each weight moves as its own optimizer moves it', async () => {
  const rate = schedules.inverseTimeDecay({ initialLearningRate: 0.1, decaySteps: 2, decayRate: 1 });
  const mixed = (): optimizers.Optimizer =>
    adam({
      learningRate: 0.01,
      groups: [
        { weights: ['head'], optimizer: sgd({ learningRate: rate, momentum: 0.9, clipNorm: 0.5 }) },
        { weights: [/body\/bias$/], optimizer: rmsprop({ learningRate: 0.003, weightDecay: 0.1 }) },
      ],
    });
  // One batch: what a weight gets does not depend yet on where the others went.
  const [whole, ...alone] = [
    mixed(),
    adam({ learningRate: 0.01 }),
    sgd({ learningRate: rate, momentum: 0.9, clipNorm: 0.5 }),
    rmsprop({ learningRate: 0.003, weightDecay: 0.1 }),
  ].map(net);
  for (const model of [whole!, ...alone]) await model.trainOnBatch(x, y);
  const [kernel, bias, headKernel, headBias] = whole!.getWeights();
  const [byAdam, bySgd, byRmsprop] = alone.map((model) => model.getWeights());
  expect(kernel!.data).toEqual(byAdam![0]!.data);
  expect(bias!.data).toEqual(byRmsprop![1]!.data);
  expect([headKernel!.data, headBias!.data]).toEqual([bySgd![2]!.data, bySgd![3]!.data]);
  await whole!.fit(x, y, options);
  // As many steps as the model has made decide what a schedule of a group gives.
  expect(whole!.optimizer.groups[0]!.optimizer.learningRate).toBeCloseTo(rate.at(16), 12);
});

test('one group for all is that optimizer', async () => {
  const [grouped, plain] = [net(sgd({ groups: [{ weights: [/./], optimizer: 'adam' }] })), net(adam())];
  await grouped.fit(x, y, options);
  await plain.fit(x, y, options);
  expect(grouped.getWeights()).toEqual(plain.getWeights());
});

test('are saved, averaged and of one’s own, and go on bit for bit', async () => {
  class Plain extends optimizers.Optimizer {
    static override readonly optimizerName: string = 'Plain';
    override update({ weight, gradient, learningRate }: optimizers.UpdateArguments) {
      return { weight: ops.sub(weight, ops.mul(learningRate, gradient)) };
    }
  }
  const model = net(
    adam({
      useEma: true,
      groups: [
        { weights: [/bias/], optimizer: new Plain({ learningRate: 0.1 }) },
        { weights: ['head'], optimizer: sgd({ learningRate: 0.1, useEma: true, momentum: 0.5 }) },
      ],
    }),
  );
  await model.fit(x, y, options);
  const path = join(folder, 'model');
  await model.save(path);
  const again = await loadModel(path, { custom: { Plain } });
  expect(again.optimizer.groups.map(({ optimizer }) => optimizer.name)).toEqual(['Plain', 'sgd']);
  const [expected, found] = [await model.fit(x, y, options), await again.fit(x, y, options)];
  expect(found.history).toEqual(expected.history);
  expect(again.getWeights()).toEqual(model.getWeights());
});

test('the learning rate of a group may be assigned between batches', async () => {
  const model = net(
    adam({ learningRate: 0.01, groups: [{ weights: ['head'], optimizer: sgd({ learningRate: 0.1 }) }] }),
  );
  const head: string[] = [];
  const script = {
    onEpochBegin: (epoch: number) => {
      if (epoch === 1) model.optimizer.groups[0]!.optimizer.learningRate = 0;
    },
    onEpochEnd: () => void head.push(String(model.getLayer('head').getWeights()[0]!.data)),
  };
  await model.fit(x, y, { ...options, callbacks: [script, callbacks.terminateOnNaN()] });
  expect(head[1]).toBe(head[0]);
  expect(head[2]).toBe(head[0]);
});

test('a group that has no weight is an error', async () => {
  const model = net(adam({ groups: [{ weights: ['haed'], optimizer: 'sgd' }] }));
  const says =
    'groups[0].weights must be patterns of weights such as body/kernel, body/bias, head/kernel, head/bias';
  await expect(model.fit(x, y, options)).rejects.toThrow(says);
});

test('averages of a group alone may be swapped', async () => {
  const model = net(adam({ groups: [{ weights: ['head'], optimizer: sgd({ useEma: true }) }] }));
  const weights = () => model.getWeights().map(({ data }) => String(data));
  const seen: string[][] = [];
  const script = {
    onTestBegin: () => void seen.push(weights()),
    onEpochEnd: () => void seen.push(weights()),
  };
  const all = [callbacks.swapEmaWeights(), script];
  await model.fit(x, y, { ...options, epochs: 1, validationData: [x, y], callbacks: all });
  const [tested, after] = seen;
  expect(tested!.map((weight, i) => weight === after![i])).toEqual([true, true, false, false]);
});

test.each<[string, () => unknown, string]>([
  ['no list', () => adam({ groups: {} as never }), 'groups must be a list of { weights, optimizer }'],
  [
    'no weights',
    () => adam({ groups: [{ weights: [], optimizer: 'sgd' }] }),
    'groups[0].weights must be patterns',
  ],
  ['no optimizer', () => adam({ groups: [{ weights: ['a'], optimizer: 'sdg' }] }), "did you mean 'sgd'"],
  ['another key', () => adam({ groups: [{ weight: ['a'] } as never] }), "groups[0] has no option 'weight'"],
  [
    'groups in groups',
    () =>
      adam({
        groups: [{ weights: ['a'], optimizer: adam({ groups: [{ weights: ['b'], optimizer: 'sgd' }] }) }],
      }),
    'groups[0].optimizer must be without groups of its own',
  ],
  [
    'accumulation in a group',
    () => adam({ groups: [{ weights: ['a'], optimizer: sgd({ gradientAccumulationSteps: 2 }) }] }),
    'groups[0].optimizer must be without gradientAccumulationSteps',
  ],
  [
    'accumulation beside groups',
    () => adam({ gradientAccumulationSteps: 2, groups: [{ weights: ['a'], optimizer: 'sgd' }] }),
    'groups must be left out where gradients accumulate',
  ],
])('%s is an error', (_, run, says) => expect(run).toThrow(says));
