/**
 * A matcher for arrays of floats: `expect(tensor).toBeAllclose(expected, tolerance)`.
 */
import { expect } from 'vitest';

/** An element may be off by `absolute + relative·|expected|`. */
export interface Tolerance {
  /** Default 1e-5: sums of a few float32 products, in another order than Keras'. */
  readonly relative?: number;
  /** Default 1e-6: what cancels near zero. */
  readonly absolute?: number;
}

type Numbers = ArrayLike<number> | { readonly data: ArrayLike<number>; readonly shape?: readonly number[] };

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: vitest declares the parameter so.
  interface Matchers<T = any> {
    /** Every element is as expected, and so is the shape if both have one. */
    toBeAllclose(expected: Numbers, tolerance?: Tolerance): T;
  }
}

const dataOf = (of: Numbers): ArrayLike<number> => ('data' in of ? of.data : of);
const shapeOf = (of: Numbers): string =>
  ('shape' in of && of.shape ? of.shape : [dataOf(of).length]).join(', ');

expect.extend({
  toBeAllclose(received: Numbers, expected: Numbers, { relative = 1e-5, absolute = 1e-6 }: Tolerance = {}) {
    const [actual, wanted] = [dataOf(received), dataOf(expected)];
    const shaped = 'shape' in received && 'shape' in expected;
    if (actual.length !== wanted.length || (shaped && shapeOf(received) !== shapeOf(expected))) {
      const message = () => `expected shape [${shapeOf(expected)}], received [${shapeOf(received)}]`;
      return { pass: false, message };
    }
    let off = 0;
    let worst = { at: -1, ratio: 0 };
    for (let at = 0; at < wanted.length; at++) {
      const [a, w] = [actual[at]!, wanted[at]!];
      const ratio = a === w ? 0 : Math.abs(a - w) / (absolute + relative * Math.abs(w));
      if (ratio <= 1) continue;
      off++;
      // NaN compares false, and is worse than any number.
      if (!(ratio <= worst.ratio)) worst = { at, ratio };
    }
    const { at, ratio } = worst;
    return {
      pass: off === 0,
      message: () =>
        off === 0
          ? `expected an element beyond absolute ${absolute} and relative ${relative}`
          : `${off} of ${wanted.length} elements are off; [${at}] is ${actual[at]}, expected ${wanted[at]}: ${ratio.toPrecision(3)} times the tolerance`,
    };
  },
});
