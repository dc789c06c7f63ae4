/**
 * Whole trajectories of training steps against Keras: the loss of each, and the weights at the end.
 */
import { expect } from 'vitest';
import './allclose.js';
import { type Golden, type GoldenLayer, type GoldenWeight, modelOf, type Named, tensorOf } from './golden.js';

/** Data and initial weights, shared by several cases. */
export interface Net {
  readonly name: string;
  readonly inputShape: readonly number[];
  readonly loss: string;
  readonly x: Golden;
  readonly y: Golden;
  readonly initialWeights: readonly GoldenWeight[];
}

/** What is trained on a net, how, and what comes of it. */
export interface Trajectory {
  readonly name: string;
  readonly net: string;
  readonly layers: readonly GoldenLayer[];
  readonly optimizer: Named;
  readonly losses: readonly number[];
  readonly finalWeights: readonly (readonly number[])[];
}

/**
 * RMSprop and Adam divide by the root of a moment, which magnifies the rounding of 25 steps to float32 where gradients
 * are small.
 */
const ADAPTIVE = { absolute: 2e-5 };

/** Trains as `of` says and compares. */
export async function checkTrajectory(nets: readonly Net[], of: Trajectory): Promise<void> {
  const { net: name, layers, optimizer, losses, finalWeights } = of;
  const net = nets.find((one) => one.name === name)!;
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
}
