/**
 * What benches take from the command line: numbers, or a refusal in one line.
 */
import { cpus } from './cpus.js';

/** Ends the bench with a message. */
export function refuse(message: string): never {
  console.error(message);
  process.exit(2);
}

/** A list of counts, such as `1,2,4`. */
export function counts(option: string, text: string): number[] {
  const list = text.split(',').map(Number);
  if (list.every((n) => Number.isInteger(n) && n > 0)) return list;
  return refuse(`--${option} must be positive integers, such as 1,2,4; received ${text}`);
}

/** One count. */
export function count(option: string, text: string): number {
  const [one, ...more] = counts(option, text) as [number, ...number[]];
  return more.length === 0 ? one : refuse(`--${option} must be one positive integer, received ${text}`);
}

/** Counts of threads, none above the CPUs that there are: more would measure the scheduler. */
export function threadCounts(text: string): number[] {
  const list = counts('threads', text);
  const most = cpus().length;
  if (Math.max(...list) <= most) return list;
  return refuse(`--threads must not be above the ${most} CPUs this process may use, received ${text}`);
}

/** One count of threads. */
export function threadCount(text: string): number {
  count('threads', text);
  return threadCounts(text)[0] as number;
}
