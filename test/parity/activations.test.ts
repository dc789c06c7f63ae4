/**
 * Every activation against Keras: values and gradients, far out and at the kinks.
 */
import { activations, tensor } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import type { SymbolicTensor } from '../../src/core/symbolic.js';
import { Trace } from '../../src/core/trace.js';
import * as ops from '../../src/ops/index.js';
import '../support/allclose.js';
import { type Golden, golden, make, tensorOf } from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface ActivationCase {
  readonly name: string;
  readonly activation: string;
  readonly config: Record<string, unknown>;
  readonly x: Golden;
  readonly y: Golden;
  readonly dy: Golden;
  readonly dx: Golden;
}

const { cases } = golden<{ cases: ActivationCase[] }>('activations');
/** Keras' sparsemax is no projection onto the simplex: its rows do not sum to 1. */
const isWrong = ({ activation }: ActivationCase) => activation === 'sparsemax';

function check({ activation, config, x, y, dy, dx }: ActivationCase): void {
  const trace = new Trace(false);
  const { values, gradients } = trace.run(() => {
    const input = trace.constant(tensorOf(x));
    // These take the axis itself.
    const options = activation === 'softmax' || activation === 'logSoftmax' ? config.axis : config;
    const output = make<SymbolicTensor>(activations, activation, input, options);
    const loss = ops.sum(ops.mul(output, trace.constant(tensorOf(dy))));
    return { values: trace.evaluate([output]), gradients: gradientsOf(trace, loss, [input]) };
  });
  expect(values[0]).toBeAllclose(y);
  expect(gradients[0]).toBeAllclose(dx);
}

describe('activations', () => {
  it.each(cases.filter((of) => !isWrong(of)))('$name', check);

  // Where an element stays positive, its gradient is that of subtracting the mean of the others that do.
  it('sparsemax projects onto the simplex', () => {
    const x = tensorOf(cases.find(({ name }) => name === 'sparsemax {} rows')!.x);
    const dy = tensor(
      [0.5, -1, 2, 0.25, 1, 1, -3, 0.125, 2, -2, 1, 0.5, 1, 2, 4, 8].map((value) => [value]),
    ).reshape([4, 4]);
    const trace = new Trace(false);
    const [output, gradient] = trace.run(() => {
      const input = trace.constant(x);
      const y = activations.sparsemax(input);
      return [
        ...trace.evaluate([y]),
        ...gradientsOf(trace, ops.sum(ops.mul(y, trace.constant(dy))), [input]),
      ];
    });
    for (let row = 0; row < 4; row++) {
      const [z, g] = [Array.from(x.rows(row, row + 1).data), Array.from(dy.rows(row, row + 1).data)];
      const threshold = bisected(z);
      const support = z.map((value) => value > threshold);
      const mean = sum(g.filter((_, i) => support[i])) / support.filter(Boolean).length;
      expect(output!.rows(row, row + 1).data).toBeAllclose(z.map((value) => Math.max(value - threshold, 0)));
      expect(gradient!.rows(row, row + 1).data).toBeAllclose(
        g.map((value, i) => (support[i] ? value - mean : 0)),
      );
    }
  });
  it('are all but sparsemax like those of Keras', () => {
    expect(cases.filter(isWrong)).toHaveLength(3);
  });
});

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** The number that the positive rest of `z` above it sums to 1. */
function bisected(z: readonly number[]): number {
  let [low, high] = [Math.min(...z) - 1, Math.max(...z)];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (sum(z.map((value) => Math.max(value - middle, 0))) > 1) low = middle;
    else high = middle;
  }
  return high;
}
