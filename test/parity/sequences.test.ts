/**
 * Layers of sequences against Keras: outputs, masks and gradients, with masks, states and factors of dropout.
 */
import { layers, tensor } from 'ridgeline';
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
  make,
  tensorOf,
} from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface SequenceCase extends GoldenLayer {
  readonly name: string;
  readonly inner: GoldenLayer | null;
  readonly training: boolean;
  readonly input: Golden;
  readonly mask: Golden | null;
  readonly states: readonly Golden[];
  readonly factors: readonly Golden[];
  readonly weights: readonly GoldenWeight[];
  readonly outputs: readonly Golden[];
  readonly outputGradients: readonly Golden[];
  readonly inputGradient: Golden;
  readonly stateGradients: readonly Golden[];
  readonly weightGradients: readonly GoldenWeight[];
  readonly newState: readonly GoldenWeight[];
  readonly outputMask: Golden | null;
}

const { cases } = golden<{ cases: SequenceCase[] }>('sequences');
const maskOf = ({ shape, data }: Golden) => tensor(Uint8Array.from(data), { shape, dtype: 'bool' });

/** A trace whose masks of dropout are those that are written down. */
function traceOf({ training, factors }: SequenceCase): Trace {
  const trace = new Trace(training);
  const emit = trace.emit.bind(trace) as (...of: unknown[]) => unknown;
  const left = [...factors];
  // The order is the layer's: that of the state is drawn first.
  if (left.length === 2) left.reverse();
  trace.emit = ((op: string, ...given: unknown[]) =>
    op === 'dropoutMask' ? [trace.constant(tensorOf(left.shift() as Golden))] : emit(op, ...given)) as never;
  return trace;
}

function check(of: SequenceCase): void {
  const layer = of.inner ? make<layers.Dense>(layers, of.layer, layerOf(of.inner), of.config) : layerOf(of);
  // The first call builds the weights, and finds those of inner layers.
  layer.invoke([tensorOf(of.input)]);
  expect(layer.weights.map(({ name, shape }) => [name, shape])).toEqual(
    of.weights.map(({ name, shape }) => [name, shape]),
  );
  layer.setWeights(of.weights.map(tensorOf));
  const trace = traceOf(of);
  const { values, gradients, masks, next } = trace.run(() => {
    const x = trace.constant(tensorOf(of.input));
    const states = of.states.map((state) => trace.constant(tensorOf(state)));
    const options = {
      ...(of.mask ? { mask: trace.constant(maskOf(of.mask)) } : {}),
      ...(states.length > 0 ? { initialState: states } : {}),
    };
    const outputs = [layer.invoke([x, options])].flat() as SymbolicTensor[];
    const weighted = outputs.map((output, i) =>
      ops.sum(ops.mul(output, trace.constant(tensorOf(of.outputGradients[i] as Golden)))),
    );
    const weights = layer.trainableWeights.map((weight) => trace.value(weight));
    const assigned = layer.weights.filter((weight) => trace.assigned.has(weight));
    const loss = weighted.reduce((a, b) => ops.add(a, b));
    return {
      values: trace.evaluate(outputs),
      masks: trace.evaluate(outputs[0]?.mask ? [outputs[0].mask] : []),
      next: trace.evaluate(assigned.map((weight) => trace.value(weight))),
      gradients: gradientsOf(trace, loss, [x, ...states, ...weights]),
    };
  });
  expect(values).toHaveLength(of.outputs.length);
  for (const [i, value] of values.entries()) expect(value).toBeAllclose(of.outputs[i]!);
  const expected = [of.inputGradient, ...of.stateGradients, ...of.weightGradients];
  expect(gradients).toHaveLength(expected.length);
  for (const [i, gradient] of gradients.entries()) {
    // Without a bounded activation a step multiplies what the ones behind it add up, so small sums are of large terms.
    const largest = Math.max(1, ...(expected[i] as Golden).data.map(Math.abs));
    expect(gradient).toBeAllclose(expected[i]!, { absolute: 1e-6 * largest });
  }
  expect(masks.map(({ shape, data }) => [shape, [...data]])).toEqual(
    of.outputMask ? [[of.outputMask.shape, of.outputMask.data]] : [],
  );
  expect(next).toHaveLength(of.newState.length);
  for (const [i, state] of next.entries()) expect(state).toBeAllclose(of.newState[i]!);
}

describe('sequences', () => {
  it.each(cases)('$name', check);
});
