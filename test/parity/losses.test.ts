/**
 * Every loss against Keras: the reduced value with and without weights, and its gradient.
 */
import { losses, ops, tensor } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import { Trace } from '../../src/core/trace.js';
import type { DefinedLoss } from '../../src/losses/index.js';
import { reduced } from '../../src/losses/reduction.js';
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
const lossOf = ({ loss, config }: LossCase) =>
  Object.keys(config).length > 0 ? make<DefinedLoss>(losses, loss, config) : make<DefinedLoss>(losses, loss);

function check(of: LossCase): void {
  const trace = new Trace(true);
  const { values, gradients } = trace.run(() => {
    const yTrue = trace.constant(tensorOf(of.yTrue));
    const yPred = trace.constant(tensorOf(of.yPred));
    const weight = of.sampleWeight ? trace.constant(weightsOf(of.sampleWeight)) : undefined;
    const value = reduced(trace, lossOf(of), [yTrue, yPred], weight);
    return { values: trace.evaluate([value]), gradients: gradientsOf(trace, value, [yPred]) };
  });
  expect(values[0]).toBeAllclose([of.value]);
  expect(gradients[0]).toBeAllclose(of.gradient);
}

/** Weights of rows are a vector in `fit`, where Keras takes a column too. */
const weightsOf = (golden: Golden) => {
  const weights = tensorOf(golden);
  return weights.shape.slice(1).some((size) => size > 1) ? weights : weights.reshape([-1]);
};

describe('losses', () => {
  it.each(cases)('$name', check);
  it('compute at once on concrete tensors', () => {
    const plain = cases.filter(
      (of) => !of.sampleWeight && !of.config.reduction && !('ignoreClass' in of.config),
    );
    expect(plain.length).toBeGreaterThan(100);
    for (const of of plain) {
      const each = lossOf(of).call(tensorOf(of.yTrue), tensorOf(of.yPred));
      expect(ops.mean(each)).toBeAllclose([of.value]);
    }
    expect(() => losses.meanSquaredError().call(tensor([1]), 'no' as never)).toThrow(
      /^operand 1 of meanSquaredError/,
    );
  });
  it('are all that Keras has but CTC', () => {
    // The one that picks among three of them.
    const { crossentropy: _, ...all } = losses;
    expect(Object.keys(all).sort()).toEqual([...new Set(cases.map((of) => of.loss))].sort());
  });
});
