/**
 * Every loss against Keras: the reduced value with and without weights, and its gradient.
 */
import { layers, losses, Sequential } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import { Trace } from '../../src/core/trace.js';
import type { Loss } from '../../src/losses/index.js';
import { reduced } from '../../src/models/loss-graph.js';
import '../support/allclose.js';
import { type Golden, golden, make, tensorOf } from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface LossCase {
  readonly name: string;
  readonly loss: string;
  readonly config: Record<string, unknown>;
  readonly yTrue: Golden;
  readonly yPred: Golden;
  readonly sampleWeight: Golden | null;
  readonly value: number;
  readonly gradient: Golden;
}

const { cases } = golden<{ cases: LossCase[] }>('losses');
/** Losses always reduce as `fit` does, over the last axis, and leave no class out. */
const isRefused = ({ config }: LossCase) => ['reduction', 'axis', 'ignoreClass'].some((key) => key in config);
/** A weight belongs to a row. */
const weighsPositions = ({ sampleWeight }: LossCase) =>
  sampleWeight?.shape.slice(1).some((size) => size > 1) ?? false;

const lossOf = ({ loss, config }: LossCase) =>
  Object.keys(config).length > 0 ? make<Loss>(losses, loss, config) : make<Loss>(losses, loss);

function check(of: LossCase): void {
  const trace = new Trace(true);
  const { values, gradients } = trace.run(() => {
    const yTrue = trace.constant(tensorOf(of.yTrue));
    const yPred = trace.constant(tensorOf(of.yPred));
    const weight = of.sampleWeight ? trace.constant(tensorOf(of.sampleWeight).reshape([-1])) : undefined;
    const value = reduced(trace, lossOf(of).call(yTrue, yPred), weight);
    return { values: trace.evaluate([value]), gradients: gradientsOf(trace, value, [yPred]) };
  });
  expect(values[0]).toBeAllclose([of.value]);
  expect(gradients[0]).toBeAllclose(of.gradient);
}

/** A model that predicts what it is given. */
const identity = (of: LossCase) =>
  new Sequential([layers.input(of.yPred.shape.slice(1)), layers.activation('linear')]).compile({
    loss: lossOf(of),
  });

describe('losses', () => {
  const refused = cases.filter(isRefused);
  const positions = cases.filter((of) => !isRefused(of) && weighsPositions(of));
  const offered = cases.filter((of) => !isRefused(of) && !weighsPositions(of));
  it.each(offered)('$name', check);
  it.each(refused)('$name is refused', (of) => {
    expect(() => lossOf(of)).toThrow(expect.objectContaining({ code: 'ERR_ARGUMENT' }));
  });
  it.each(positions)('$name are refused', async (of) => {
    const sampleWeight = tensorOf(of.sampleWeight!);
    await expect(
      identity(of).evaluate(tensorOf(of.yPred), tensorOf(of.yTrue), { sampleWeight }),
    ).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_SHAPE', message: expect.stringMatching(/^sampleWeight/) }),
    );
  });
  it('are offered except for three options and weights of positions', () => {
    expect([offered.length, refused.length, positions.length]).toEqual([126, 109, 14]);
  });
});
