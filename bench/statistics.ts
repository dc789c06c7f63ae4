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
