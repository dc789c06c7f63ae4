/**
 * Layers of positions against KerasHub: outputs and gradients, with places counted and given.
 */
import { describe, expect, it } from 'vitest';
import type { SymbolicTensor } from '../../src/core/symbolic.js';
import { Trace } from '../../src/core/trace.js';
import * as ops from '../../src/ops/index.js';
import '../support/allclose.js';
import { type Golden, type GoldenLayer, golden, layerOf, tensorOf } from '../support/golden.js';
import { gradientsOf } from '../support/gradients.js';

interface PositionCase extends GoldenLayer {
  readonly name: string;
  readonly input: Golden;
  readonly positions: Golden | null;
  readonly output: Golden;
  readonly outputGradient: Golden;
  readonly inputGradient: Golden;
}

const { cases } = golden<{ cases: PositionCase[] }>('positions');
// KerasHub computes frequencies and angles in float32, so an angle of 900 is off by its last bit, 6e-5.
const NEAR = { absolute: 3e-4 };

function check(of: PositionCase): void {
  const layer = layerOf(of);
  const trace = new Trace(false);
  const { value, gradients } = trace.run(() => {
    const x = trace.constant(tensorOf(of.input));
    const positions = of.positions ? trace.constant(tensorOf(of.positions)) : undefined;
    const output = layer.invoke([x, { positions }]) as SymbolicTensor;
    const cotangent = trace.constant(tensorOf(of.outputGradient));
    return {
      value: trace.evaluate([output])[0],
      gradients: gradientsOf(trace, ops.sum(ops.mul(output, cotangent)), [x]),
    };
  });
  expect(value).toBeAllclose(of.output, NEAR);
  // What depends on the shape alone has no gradient.
  if (of.layer === 'rotaryEmbedding') expect(gradients[0]).toBeAllclose(of.inputGradient, NEAR);
  else expect(of.inputGradient.data.every((x) => x === 0)).toBe(true);
}

describe('positions', () => {
  it.each(cases)('$name', check);
});
