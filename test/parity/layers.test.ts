/**
 * Every layer against Keras: outputs, gradients, next states and activity penalties.
 */
import { describe, expect, it } from 'vitest';
import type { SymbolicTensor } from '../../src/core/symbolic.js';
import { Trace } from '../../src/core/trace.js';
import * as ops from '../../src/ops/index.js';
import '../support/allclose.js';
import {
  type Golden,
  type GoldenLayer,
  type GoldenWeight,
  golden,
  layerOf,
  tensorOf,
} from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface LayerCase extends GoldenLayer {
  readonly name: string;
  readonly training: boolean;
  readonly inputs: readonly Golden[];
  readonly weights: readonly GoldenWeight[];
  readonly outputs: readonly Golden[];
  readonly outputGradient: Golden;
  readonly inputGradients: readonly Golden[];
  readonly weightGradients: readonly GoldenWeight[];
  readonly newState: readonly GoldenWeight[];
  readonly activityPenalty: number | null;
}

const { cases } = golden<{ cases: LayerCase[] }>('layers');

function check(of: LayerCase): void {
  const layer = layerOf(of);
  const given = of.inputs.map(tensorOf);
  const call = <T>(inputs: readonly T[]) => layer.invoke([inputs.length > 1 ? inputs : inputs[0]]);
  // The first call builds the weights.
  call(given);
  expect(layer.weights.map((weight) => weight.name)).toEqual(of.weights.map((weight) => weight.name));
  layer.setWeights(of.weights.map(tensorOf));

  const trace = new Trace(of.training);
  const { values, gradients, states } = trace.run(() => {
    const inputs = given.map((input) => trace.constant(input));
    const output = call(inputs) as SymbolicTensor;
    const weights = layer.trainableWeights;
    const penalty = trace.penalties.reduce((a, b) => ops.add(a, b), trace.value(0));
    const loss = ops.add(ops.sum(ops.mul(output, trace.constant(tensorOf(of.outputGradient)))), penalty);
    const next = layer.weights.filter((weight) => trace.assigned.has(weight));
    const wanted = [output, penalty, ...next.map((weight) => trace.value(weight))];
    const targets = [...inputs, ...weights.map((weight) => trace.value(weight))];
    return {
      values: trace.evaluate(wanted),
      gradients: gradientsOf(trace, loss, targets),
      states: next.map((weight) => weight.name),
    };
  });
  const [output, penalty, ...next] = values;
  expect(output).toBeAllclose(of.outputs[0]!);
  expect(penalty).toBeAllclose([of.activityPenalty ?? 0]);
  expect(states).toEqual(of.newState.map((state) => state.name));
  next.forEach((state, i) => {
    expect(state).toBeAllclose(of.newState[i]!);
  });
  const expected = [...of.inputGradients, ...of.weightGradients];
  expect(gradients).toHaveLength(expected.length);
  gradients.forEach((gradient, i) => {
    expect(gradient).toBeAllclose(expected[i]!);
  });
}

describe('layers', () => {
  it.each(cases)('$name', check);
});
