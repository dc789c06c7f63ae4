/**
 * Attention layers and dense layers by equations against Keras: outputs, scores and gradients, with masks of every kind.
 */
import { tensor } from 'ridgeline';
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

interface AttentionCase extends GoldenLayer {
  readonly name: string;
  readonly inputs: readonly Golden[];
  readonly masks: Readonly<Record<string, Golden>>;
  readonly options: Readonly<Record<string, boolean>>;
  readonly weights: readonly GoldenWeight[];
  readonly outputs: readonly Golden[];
  readonly outputGradients: readonly Golden[];
  readonly inputGradients: readonly Golden[];
  readonly weightGradients: readonly GoldenWeight[];
}

const { cases } = golden<{ cases: AttentionCase[] }>('attention');
const maskOf = ({ shape, data }: Golden) => tensor(Uint8Array.from(data), { shape, dtype: 'bool' });

function check(of: AttentionCase): void {
  const layer = layerOf(of);
  const isListed = of.layer === 'attention' || of.layer === 'additiveAttention';
  const call = <T>(inputs: readonly T[], options: object): unknown =>
    layer.invoke([...(isListed ? [inputs] : inputs), options]);
  // The first call builds the weights, and finds those of inner layers.
  call(of.inputs.map(tensorOf), {});
  expect(layer.weights.map(({ shape }) => shape)).toEqual(of.weights.map(({ shape }) => shape));
  layer.setWeights(of.weights.map(tensorOf));
  const trace = new Trace(false);
  const { values, gradients } = trace.run(() => {
    const inputs = of.inputs.map((input) => trace.constant(tensorOf(input)));
    const masks = Object.entries(of.masks).map(([name, mask]) => [name, trace.constant(maskOf(mask))]);
    const outputs = [
      call(inputs, { ...of.options, ...Object.fromEntries(masks) }),
    ].flat() as SymbolicTensor[];
    const weighted = outputs.map((output, i) =>
      ops.sum(ops.mul(output, trace.constant(tensorOf(of.outputGradients[i] as Golden)))),
    );
    const weights = layer.trainableWeights.map((weight) => trace.value(weight));
    return {
      values: trace.evaluate(outputs),
      gradients: gradientsOf(
        trace,
        weighted.reduce((a, b) => ops.add(a, b)),
        [...inputs, ...weights],
      ),
    };
  });
  expect(values).toHaveLength(of.outputs.length);
  for (const [i, value] of values.entries()) expect(value).toBeAllclose(of.outputs[i]!);
  const expected = [...of.inputGradients, ...of.weightGradients];
  expect(gradients).toHaveLength(expected.length);
  for (const [i, gradient] of gradients.entries()) {
    // The gradient of a key's bias is 0, a sum that cancels as some others do in part.
    expect(gradient).toBeAllclose(expected[i]!, { absolute: 5e-6 });
  }
}

describe('attention', () => {
  it.each(cases)('$name', check);
});
