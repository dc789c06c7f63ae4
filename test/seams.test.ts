/**
 * Activations at their seams: values and slopes where two pieces meet, as Keras on JAX has them, and NaN.
 */
import { activations, ops, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import type { SymbolicTensor } from '../src/core/symbolic.js';
import { Trace } from '../src/core/trace.js';
import { make } from './support/golden.js';
import { gradientsOf } from './support/gradients.js';

type Options = Record<string, unknown>;

/** What an activation gives for `x`, and the slopes there. */
function at(name: string, options: Options, x: readonly number[]): { values: number[]; slopes: number[] } {
  const trace = new Trace(false);
  return trace.run(() => {
    const given = trace.constant(tensor(Float32Array.from(x)));
    const y = make<SymbolicTensor>(activations, name, given, options);
    const [values] = trace.evaluate([y]);
    const [slopes] = gradientsOf(trace, ops.sum(y), [given]);
    return { values: [...values!.data], slopes: [...slopes!.data] };
  });
}

const TINY = 1e-45;
const SELU = 1.0507009873554805 * 1.6732632423543772;

describe('slopes', () => {
  test.each<[name: string, options: Options, x: number[], slopes: number[]]>([
    ['elu', {}, [0, -0, TINY, -TINY], [1, 1, 1, 1]],
    ['elu', { alpha: 2 }, [0, -0], [2, 2]],
    ['celu', {}, [0, -0], [1, 1]],
    ['celu', { alpha: 2 }, [0, -0], [1, 1]],
    ['selu', {}, [0, -0], [SELU, SELU]],
    ['relu', {}, [0, -0], [0, 0]],
    ['relu', { negativeSlope: 0.2 }, [0, -0], [1, 1]],
    ['relu', { maxValue: 8, threshold: 5 }, [5], [0]],
    ['leakyRelu', {}, [0, -0], [1, 1]],
    ['relu6', {}, [0, 6], [0, 0]],
    ['hardSigmoid', {}, [-3, 3], [0, 0]],
    ['hardSilu', {}, [3], [1]],
    ['hardTanh', {}, [-1, 1], [1, 1]],
  ])('%s %o at %o', (name, options, x, slopes) => {
    const found = at(name, options, x).slopes;
    expect(found).toHaveLength(slopes.length);
    found.forEach((slope, i) => {
      expect(slope, `at ${x[i]}`).toBeCloseTo(slopes[i]!, 6);
    });
  });
});

describe('values', () => {
  const bounded = { maxValue: 8, threshold: 5 };
  test.each<[name: string, options: Options, x: number[], values: number[]]>([
    ['relu', bounded, [6, 7, 0, 5, 10], [6, 7, 0, 0, 8]],
    ['relu', { ...bounded, negativeSlope: 0.2 }, [5, 4, 9], [0, -0.2, 8]],
    ['relu', { negativeSlope: 0.2 }, [-1, 0, 1], [-0.2, 0, 1]],
    ['elu', {}, [0, 100, -100], [0, 100, -1]],
    ['celu', { alpha: 2 }, [0, 100, -100], [0, 100, -2]],
    ['relu6', {}, [-1, 0, 6, 7], [0, 0, 6, 6]],
    ['hardSigmoid', {}, [-4, -3, 0, 3, 4], [0, 0, 0.5, 1, 1]],
    ['hardSilu', {}, [-4, -3, 3, 4], [0, 0, 3, 4]],
    ['hardTanh', {}, [-2, -1, 1, 2], [-1, -1, 1, 1]],
  ])('%s %o of %o', (name, options, x, values) => {
    const found = at(name, options, x).values;
    expect(found).toHaveLength(values.length);
    found.forEach((value, i) => {
      expect(value, `of ${x[i]}`).toBeCloseTo(values[i]!, 6);
    });
  });
});

test.each<[name: string, options: Options]>([
  ['elu', {}],
  ['celu', {}],
  ['selu', {}],
  ['relu', {}],
  ['relu', { negativeSlope: 0.2 }],
  ['relu', { maxValue: 8 }],
  ['relu', { maxValue: 8, threshold: 5 }],
  ['relu', { negativeSlope: 0.2, maxValue: 8, threshold: 5 }],
  ['leakyRelu', {}],
  ['relu6', {}],
  ['hardSigmoid', {}],
  ['hardSilu', {}],
  ['hardTanh', {}],
])('NaN stays NaN through %s %o', (name, options) => {
  // Beside others, and alone in the rest of a vector.
  const found = at(name, options, [...Array(17).fill(1), Number.NaN]).values;
  expect(found.map(Number.isNaN)).toEqual([...Array(17).fill(false), true]);
});
