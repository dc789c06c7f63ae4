/**
 * The CPUs that programs run on. What is compared gets the same ones, by `taskset` on Linux; elsewhere nothing is pinned.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const pins = process.platform === 'linux';

/** The numbers in a list such as `0-3,8`. */
function numbers(list: string): number[] {
  return list.split(',').flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number) as [number, number?];
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}

/** How many hardware threads of its core come before a CPU. */
function rank(cpu: number): number {
  try {
    const path = `/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`;
    return numbers(readFileSync(path, 'utf8').trim()).indexOf(cpu);
  } catch {
    return 0;
  }
}

const usable = ((): number[] => {
  if (!pins) return Array.from({ length: availableParallelism() }, (_, i) => i);
  const [, list] = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8')) as string[];
  return numbers(list as string).sort((a, b) => rank(a) - rank(b) || a - b);
})();

/** The CPUs this process could use when it started, one of each core first: few threads do not share a core. */
export function cpus(): readonly number[] {
  return usable;
}

/** A command line that runs on these CPUs. */
export function pinned(on: readonly number[], command: readonly string[]): string[] {
  return pins ? ['taskset', '-c', on.join(','), ...command] : [...command];
}

/** Moves this process to these CPUs, with all its threads. */
export function moveTo(on: readonly number[]): void {
  if (!pins) return;
  const { status, error } = spawnSync('taskset', ['-a', '-c', '-p', on.join(','), `${process.pid}`]);
  if (status !== 0) throw error ?? new Error(`taskset could not move this process to the CPUs ${on}`);
}
