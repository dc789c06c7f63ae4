/**
 * Every initializer against Keras: exact values where they are fixed, else the distribution.
 */
import { initializers, type Tensor } from 'ridgeline';
import { describe, expect, it } from 'vitest';
import { Tensor as ConcreteTensor } from '../../src/core/tensor.js';
import type { Initializer } from '../../src/initializers/index.js';
import '../support/allclose.js';
import { type Golden, golden, make, tensorOf } from '../support/golden.js';

interface InitializerCase {
  readonly name: string;
  readonly kind: string;
  readonly config: Record<string, unknown>;
  readonly shape: readonly number[];
  readonly expected?: {
    readonly mean: number;
    readonly std: number;
    readonly min: number | null;
    readonly max: number | null;
  };
  readonly exact?: Golden;
  readonly gain?: number;
}

const { cases } = golden<{ cases: InitializerCase[] }>('initializers');

function draw({ kind, config, shape }: InitializerCase, stream = 0): Tensor {
  const initializer = make<Initializer>(initializers, kind, config);
  return ConcreteTensor.fromNative(initializer.create('weight', [...shape], { seed: 7, stream }).read());
}

const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** Five standard errors: one case in a million fails by chance, and the draws are fixed. */
const ERRORS = 5;

function checkDistribution(
  of: InitializerCase,
  { mean, std, min, max }: NonNullable<InitializerCase['expected']>,
): void {
  const values = Array.from(draw(of).data);
  const count = values.length;
  const average = sum(values) / count;
  const deviation = Math.sqrt(sum(values.map((value) => (value - average) ** 2)) / count);
  expect(Math.abs(average - mean)).toBeLessThan((ERRORS * std) / Math.sqrt(count));
  // A normal variable's; the others have lighter tails, so theirs is smaller.
  expect(Math.abs(deviation - std)).toBeLessThan((ERRORS * std) / Math.sqrt(2 * count));
  if (min === null || max === null) {
    // Of hundreds of values or more, some lie beyond where a truncated normal ends.
    expect(Math.max(...values)).toBeGreaterThan(mean + 2.5 * std);
    return;
  }
  // The bounds are exact numbers, the values rounded ones.
  expect(Math.min(...values)).toBeGreaterThanOrEqual(Math.fround(min));
  expect(Math.max(...values)).toBeLessThanOrEqual(Math.fround(max));
  // The ends are reached: the chance that the last tenth of the range stays empty is below 1e-4 for 400 truncated values.
  const slack = 0.1 * (max - min);
  expect(Math.min(...values)).toBeLessThan(min + slack);
  expect(Math.max(...values)).toBeGreaterThan(max - slack);
}

/** The shorter side of the matrix, axes before the last merged, consists of orthogonal vectors of length `gain`. */
function checkOrthogonal(of: InitializerCase, gain: number): void {
  const { data } = draw(of);
  const columns = of.shape.at(-1)!;
  const rows = data.length / columns;
  const at = (vector: number, i: number) =>
    rows < columns ? data[vector * columns + i]! : data[i * columns + vector]!;
  const [vectors, length] = [Math.min(rows, columns), Math.max(rows, columns)];
  const products = Array.from({ length: vectors ** 2 }, (_, pair) =>
    sum(Array.from({ length }, (_, i) => at(Math.floor(pair / vectors), i) * at(pair % vectors, i))),
  );
  const identity = products.map((_, pair) => (pair % (vectors + 1) === 0 ? gain ** 2 : 0));
  expect(products).toBeAllclose(identity);
  expect(draw(of, 1).data).not.toEqual(data);
}

describe('initializers', () => {
  it.each(cases)('$name', (of) => {
    if (of.exact) expect(draw(of)).toEqual(tensorOf(of.exact));
    else if (of.gain !== undefined) checkOrthogonal(of, of.gain);
    else checkDistribution(of, of.expected!);
  });
});
