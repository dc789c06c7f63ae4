/**
 * Boundaries between bins that hold equally many of some numbers, as Keras' `Discretization` finds them: the numbers in
 * order are thinned to a summary of weighted ones, and its cumulated weights are read at equal shares.
 */
import { sorted, type Work } from '../../core/turns.js';

/** Numbers in order, and how many each stands for. */
export interface Summary {
  readonly values: readonly number[];
  readonly weights: readonly number[];
}

/** Every so many of the numbers, so that about `1 / epsilon` are left. */
function summarized(values: readonly number[], epsilon: number): Summary {
  const step = Math.max(values.length * epsilon, 1);
  const every = Math.floor(step);
  const taken = values.filter(
    (_, i) => i >= Math.floor(step - 1) && (i - Math.floor(step - 1)) % every === 0,
  );
  return { values: taken, weights: taken.map(() => Math.fround(step)) };
}

/** The value at `x` of the lines between points in order, and of the first or last one beyond them. */
function interpolated(x: number, xs: readonly number[], ys: readonly number[]): number {
  const next = xs.findIndex((of) => of > x);
  if (next <= 0) return (next === 0 ? ys[0] : ys.at(-1)) as number;
  const [x0, x1, y0, y1] = [xs[next - 1], xs[next], ys[next - 1], ys[next]] as [
    number,
    number,
    number,
    number,
  ];
  return y0 + ((y1 - y0) / (x1 - x0)) * (x - x0);
}

/** A summary of so many numbers, at shares that are `epsilon` apart. */
function compressed(of: Summary, epsilon: number, count: number): Summary {
  if (of.values.length * epsilon < 1) return of;
  let total = 0;
  const sums = of.weights.map((weight) => {
    total = Math.fround(total + weight);
    return total;
  });
  const shares = sums.map((sum) => Math.fround(sum / total));
  const points = Array.from({ length: count }, (_, i) => epsilon + i * epsilon);
  const reached = points.map((point) => interpolated(point, shares, sums));
  return {
    values: points.map((point) => Math.fround(interpolated(point, shares, of.values))),
    weights: reached.map((sum, i) => Math.fround(sum - (reached[i - 1] ?? 0))),
  };
}

/**
 * A summary of numbers, and of those that another one is of.
 * @param epsilon - How exact it is, as a share of the numbers.
 */
export function* summaryOf(numbers: readonly number[], epsilon: number, others?: Summary): Work<Summary> {
  const summary = summarized(yield* sorted(numbers, (a, b) => a - b), epsilon);
  return compressed(others ? merged(summary, others) : summary, epsilon, Math.ceil(1 / epsilon));
}

/** The numbers of both, in order; of equal ones those of the first come first. */
function merged(a: Summary, b: Summary): Summary {
  const values = [...a.values, ...b.values];
  const weights = [...a.weights, ...b.weights];
  const order = values.map((_, i) => i).sort((i, j) => (values[i] as number) - (values[j] as number));
  return {
    values: order.map((i) => values[i] as number),
    weights: order.map((i) => weights[i] as number),
  };
}

/** The boundaries of `bins` bins. */
export const boundariesOf = (summary: Summary, bins: number): readonly number[] =>
  compressed(summary, 1 / bins, bins).values.slice(0, -1);
