/**
 * Whole trajectories against Keras: losses and weights of 25 updates, for each optimizer, penalty and bound.
 */
import { describe, expect, it } from 'vitest';
import '../support/allclose.js';
import {
  type Golden,
  type GoldenLayer,
  type GoldenWeight,
  golden,
  modelOf,
  type Named,
  tensorOf,
} from '../support/golden.js';

interface Net {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly loss: string;
  readonly x: Golden;
  readonly y: Golden;
  readonly initialWeights: readonly GoldenWeight[];
}

interface Trajectory {
  readonly name: string;
  readonly net: string;
  readonly layers: readonly GoldenLayer[];
  readonly optimizer: Named;
  readonly losses: readonly number[];
  readonly finalWeights: readonly (readonly number[])[];
}

const { nets, cases } = golden<{ nets: Net[]; cases: Trajectory[] }>('trajectories');

/**
 * RMSprop and Adam divide by the root of a moment, which magnifies the rounding of 25 steps to float32 where gradients
 * are small.
 */
const ADAPTIVE = { absolute: 2e-5 };

describe('trajectories', () => {
  it.each(cases)('$name', async ({ net: name, layers, optimizer, losses, finalWeights }) => {
    const net = nets.find((of) => of.name === name)!;
    const model = modelOf({ ...net, layers, optimizer });
    const tolerance = optimizer.name === 'sgd' ? {} : ADAPTIVE;
    const [x, y] = [tensorOf(net.x), tensorOf(net.y)];
    const received: number[] = [];
    for (const _ of losses) received.push((await model.trainOnBatch(x, y)).loss);
    expect(received).toBeAllclose(losses, tolerance);
    const weights = model.getWeights();
    expect(weights).toHaveLength(finalWeights.length);
    weights.forEach((weight, i) => {
      expect(weight.data).toBeAllclose(finalWeights[i]!, tolerance);
    });
  });
  it('cover four nets', () => {
    expect([nets.length, cases.length]).toEqual([4, 290]);
  });
});
