/**
 * Constraints against Keras: losses and weights of 12 updates, with projections of every kind of weight, over every axis.
 */
import { constraints, layers, optimizers, Sequential, tensor } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import { golden } from '../support/golden.js';
import { checkTrajectory, type Net, type Trajectory } from '../support/trajectories.js';

const { nets, cases } = golden<{ nets: Net[]; cases: Trajectory[] }>('constraints');

describe('constraints', () => {
  it.each(cases)('$name', (of) => checkTrajectory(nets, of));
  it('cover three nets', () => {
    expect([nets.length, cases.length]).toEqual([3, 94]);
  });
  it('hold after every batch, also between two updates', async () => {
    const model = new Sequential([
      layers.input([1]),
      layers.dense(1, { useBias: false, kernelConstraint: constraints.nonNeg() }),
    ]).compile({
      loss: 'mse',
      optimizer: optimizers.sgd({ learningRate: 1, gradientAccumulationSteps: 2 }),
    });
    model.setWeights([[[-1]]]);
    const one = tensor([[1]]);
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) losses.push((await model.trainOnBatch(one, one)).loss);
    // Keras 3.15: −1 becomes 0 after the first batch; the mean gradient of the two is −3, so w is 3.
    expect(losses).toEqual([4, 1, 4]);
  });
});
