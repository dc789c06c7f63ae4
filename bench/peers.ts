/**
 * The peers: programs in Python that train the same workload, an epoch for every line they are sent.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { pinned } from './cpus.js';

/** How a peer is started. */
interface Program {
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  'torch eager': { script: 'torch_steps.py', args: ['eager'] },
  'torch.compile': { script: 'torch_steps.py', args: ['compile'] },
  'keras+jax': { script: 'keras_steps.py', env: { KERAS_BACKEND: 'jax' } },
  'keras+tensorflow': { script: 'keras_steps.py', env: { KERAS_BACKEND: 'tensorflow' } },
  'scikit-learn': { script: 'sklearn_steps.py' },
};

/** Names of the peers of a workload. */
export function peersOf(workload: string): string[] {
  return Object.keys(PROGRAMS).filter((name) => name !== 'scikit-learn' || workload === 'tiny');
}

/** A running peer. */
export class Peer {
  readonly name: string;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #over: Promise<{ readonly done: true }>;
  /** The last thing it said on standard error. */
  #complaint = '';

  constructor(name: string, python: string, workload: string, on: readonly number[]) {
    this.name = name;
    const { script, args = [], env = {} } = PROGRAMS[name] as Program;
    const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    const threads = String(on.length);
    const [command, ...rest] = pinned(on, [python, path, ...args, threads, workload]) as [
      string,
      ...string[],
    ];
    this.#process = spawn(command, rest, { env: { ...process.env, OMP_NUM_THREADS: threads, ...env } });
    this.#over = new Promise((resolve) => {
      this.#process.once('close', () => resolve({ done: true }));
      this.#process.once('error', ({ message }) => {
        this.#complaint = message;
        resolve({ done: true });
      });
    });
    // It may be gone when it is written to; that is told by its missing answer.
    this.#process.stdin.on('error', () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
    createInterface({ input: this.#process.stderr }).on('line', (line) => {
      this.#complaint = line.trim() || this.#complaint;
    });
  }

  async #line(): Promise<string> {
    const next = await Promise.race([this.#lines.next(), this.#over]);
    if (!next.done) return next.value;
    await this.#over;
    throw new Error(`${this.name} ended: ${this.#complaint}`);
  }

  /** Waits until it has compiled and warmed up. */
  async ready(): Promise<void> {
    while ((await this.#line()) !== 'ready');
  }

  /** Milliseconds of a step, over an epoch. */
  async epoch(): Promise<number> {
    this.#process.stdin.write('\n');
    return Number(await this.#line());
  }

  /** Ends it; its last moments take time too. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.kill();
    await ended;
  }
}

/** Peers that did not start; they are not tried again. */
const absent = new Set<string>();

/** Starts the peers of a workload on these CPUs. One that fails is left out, with a line that says why. */
export async function startPeers(python: string, workload: string, on: readonly number[]): Promise<Peer[]> {
  const names = peersOf(workload).filter((name) => !absent.has(name));
  const started = await Promise.all(
    names.map(async (name) => {
      const peer = new Peer(name, python, workload, on);
      try {
        await peer.ready();
        return [peer];
      } catch (error) {
        absent.add(name);
        console.error(`left out: ${(error as Error).message}`);
        return [];
      }
    }),
  );
  return started.flat();
}
