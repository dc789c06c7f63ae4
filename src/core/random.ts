/**
 * Seeds: one global source that numbers everything random made after it, so that the same program
 * gives the same model.
 */
import { integer } from './check.js';

let seed = Math.floor(Math.random() * 2 ** 32);
let stream = 0;
/** Immediate calls, each of which draws its own random numbers. */
let calls = 0;

/**
 * Sets the seed of everything random that is created afterwards: initial weights, dropout, the order of
 * rows; `trainTestSplit` has a seed of its own. The same seed and the same program give the same bits for any
 * number of threads.
 *
 * @throws {RidgelineError} `ERR_ARGUMENT` unless it is an integer ≥ 0.
 */
export function setRandomSeed(value: number): void {
  seed = integer('seed', value, 0);
  stream = 0;
  calls = 0;
}

/** @internal Does `work`, after which everything random is as if it had not been done. */
export function undisturbed<T>(work: () => T): T {
  const before = [seed, stream] as const;
  try {
    return work();
  } finally {
    [seed, stream] = before;
  }
}

/** @internal The global seed, for what is drawn at once. */
export const currentSeed = (): number => seed;

/** @internal The number of the next immediate call. */
export const nextCall = (): number => calls++;

/** @internal The next numbered stream of the global seed. */
export function nextStream(): { seed: number; stream: number } {
  stream += 1;
  return { seed, stream };
}

/** @internal A seed of its own from the global one, for a model. */
export function nextSeed(): number {
  const next = nextStream();
  // 53 bits that differ for neighbouring seeds and streams (the constants are SplitMix's).
  return (
    (Math.imul(next.seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0) * 2 ** 20 +
    ((next.stream * 0x9e37 + next.seed) % 2 ** 20)
  );
}

/** @internal A 32-bit number for a text (FNV-1a), below the streams that are reserved. */
export function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return (h >>> 0) % 0x7fffffff;
}
