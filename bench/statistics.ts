/** What is told of a list of times. */
export interface Statistics {
  readonly median: number;
  readonly min: number;
}

/** Median and minimum. */
export function statistics(times: readonly number[]): Statistics {
  const sorted = [...times].sort((a, b) => a - b);
  return { median: sorted[sorted.length >> 1] as number, min: sorted[0] as number };
}

/** A number with at least three digits and no exponent, whether a step takes microseconds or a second. */
export function digits(x: number): string {
  return x.toFixed(Math.max(0, 2 - Math.floor(Math.log10(x))));
}
