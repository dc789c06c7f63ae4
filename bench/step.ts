/**
 * Milliseconds of a training step, beside the peers in one interleaved run.
 *
 * usage: npm run bench -- step --workload mlp [--threads n] [--rounds n] [--peers python] [--profile] [--json]
 *
 * With `--peers` (a Python that has torch, keras, jax and tensorflow) every round runs one epoch of each program in
 * turn, so that all meet the same neighbours; what counts is the ratio of the medians. `--profile` adds the time of
 * every phase of our step.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { statistics } from './statistics.js';
import { millisecondsPerStep, workload } from './workloads.js';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    workload: { type: 'string', default: 'mlp' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '15' },
    peers: { type: 'string' },
    profile: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const threads = Number(values.threads);
const of = workload(values.workload);
const { model, x, y, batchSize } = of;

/** A peer that runs an epoch for every line it is sent. */
class Peer {
  readonly #process: ChildProcess;
  readonly #lines: Interface;
  /** Settled when it has compiled and warmed up; heard from the start, so that no line is missed. */
  readonly ready: Promise<string>;

  constructor(script: string, args: string[], backend?: string) {
    const path = fileURLToPath(new URL(`peers/${script}`, import.meta.url));
    const cpus = Array.from({ length: threads }, (_, i) => i).join(',');
    const env = {
      ...process.env,
      OMP_NUM_THREADS: String(threads),
      ...(backend ? { KERAS_BACKEND: backend } : {}),
    };
    // JAX has no thread option: the affinity mask limits every peer alike.
    this.#process = spawn('taskset', ['-c', cpus, values.peers as string, path, ...args], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#lines = createInterface({ input: this.#process.stdout as NodeJS.ReadableStream });
    this.ready = this.#line();
  }
  async #line(): Promise<string> {
    const [line] = (await once(this.#lines, 'line')) as [string];
    return line;
  }
  async epoch(): Promise<number> {
    const answer = this.#line();
    this.#process.stdin?.write('\n');
    return Number(await answer);
  }
  /** Ends it; its last moments take time too. */
  async close(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const over = once(this.#process, 'exit');
    this.#process.kill();
    await over;
  }
}

const ours = (): Promise<number> => millisecondsPerStep(of, threads);

const runs: Record<string, { epoch(): Promise<number> }> = { ridgeline: { epoch: ours } };
const peers: Peer[] = [];
if (values.peers) {
  const started: Record<string, Peer> = {
    'torch eager': new Peer('torch_mlp.py', ['eager', String(threads)]),
    'torch.compile': new Peer('torch_mlp.py', ['compile', String(threads)]),
    'keras+jax': new Peer('keras_mlp.py', [String(threads)], 'jax'),
    'keras+tensorflow': new Peer('keras_mlp.py', [String(threads)], 'tensorflow'),
  };
  for (const peer of Object.values(started)) await peer.ready;
  peers.push(...Object.values(started));
  Object.assign(runs, started);
}
for (let i = 0; i < 3; i++) await ours();
const times: Record<string, number[]> = Object.fromEntries(Object.keys(runs).map((name) => [name, []]));
for (let round = 0; round < Number(values.rounds); round++) {
  for (const [name, run] of Object.entries(runs)) times[name]?.push(await run.epoch());
}
await Promise.all(peers.map((peer) => peer.close()));

const all = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, statistics(list)]));
const phases = values.profile
  ? model.training.profile(x.rows(0, batchSize), y.rows(0, batchSize), 300, threads)
  : undefined;
if (values.json) {
  const { ridgeline, ...others } = all;
  console.log(
    JSON.stringify({ workload: values.workload, threads, ms_per_step: ridgeline, peers: others, phases }),
  );
} else {
  for (const [name, { median, min }] of Object.entries(all)) {
    const ratio = median / (all.ridgeline as { median: number }).median;
    console.log(
      `${name.padEnd(18)} median ${median.toFixed(2).padStart(7)} ms  min ${min.toFixed(2).padStart(7)} ms  ×${ratio.toFixed(2)}`,
    );
  }
  for (const { milliseconds, tasks } of phases ?? [])
    console.log(`${milliseconds.toFixed(3).padStart(8)} ms  ${tasks}`);
}
