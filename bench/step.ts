/**
 * Milliseconds of a training step, beside the peers in one interleaved run.
 *
 * usage: npm run bench -- step [--workload mlp|wide|tiny|lstm_plain|lstm_recdrop|gru|transformer|causal_lm] [--threads n,…] [--rounds n] [--peers python] [--profile]
 *   [--json]
 *
 * With `--peers` (a Python that has torch, keras, jax, tensorflow and scikit-learn) every round times each program in
 * turn, on the same CPUs, so that all meet the same neighbours; what counts is the ratio of the medians. Each trains for
 * an epoch right before the one that is timed: what a program left alone for seconds has lost, caches and on some virtual
 * machines the pages of its memory, is not what a step takes. Several numbers of threads make a table. `--profile` adds
 * the time of every phase of our step.
 */
import { cpus as machine } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { runtime } from 'ridgeline';
import { count, threadCounts } from './arguments.js';
import { cpus, moveTo } from './cpus.js';
import { peersOf, startPeers } from './peers.js';
import { digits, type Statistics, statistics } from './statistics.js';
import { millisecondsPerStep, workload } from './workloads.js';

/** Runtimes of the peers let their threads spin for some milliseconds after the last piece of work. */
const PAUSE = 30;

/** What was measured with a number of threads. */
interface Row {
  readonly threads: number;
  readonly ms_per_step: Statistics;
  readonly gflops: number;
  readonly peers: Readonly<Record<string, Statistics>>;
  readonly phases?: readonly { readonly tasks: string; readonly milliseconds: number }[];
}

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
const threadsList = threadCounts(values.threads);
const rounds = count('rounds', values.rounds);
const of = workload(values.workload);
const mflop = of.flops / 1e6;

async function measure(threads: number): Promise<Row> {
  const on = cpus().slice(0, threads);
  moveTo(on);
  const peers = values.peers ? await startPeers(values.peers, values.workload, on) : [];
  for (let i = 0; i < 3; i++) await millisecondsPerStep(of, threads);
  const ours: number[] = [];
  const theirs: Record<string, number[]> = Object.fromEntries(peers.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    if (peers.length > 0) {
      await setTimeout(PAUSE);
      await millisecondsPerStep(of, threads);
    }
    ours.push(await millisecondsPerStep(of, threads));
    for (const peer of peers) {
      await setTimeout(PAUSE);
      await peer.epoch();
      theirs[peer.name]?.push(await peer.epoch());
    }
  }
  await Promise.all(peers.map((peer) => peer.close()));
  const { model, x, y, batchSize, steps } = of;
  const phases = values.profile
    ? { phases: await model.training.profile(x.rows(0, batchSize), y.rows(0, batchSize), 2 * steps, threads) }
    : {};
  const ms_per_step = statistics(ours);
  return {
    threads,
    ms_per_step,
    gflops: mflop / ms_per_step.median,
    peers: Object.fromEntries(Object.entries(theirs).map(([name, times]) => [name, statistics(times)])),
    ...phases,
  };
}

function printPhases({ phases = [] }: Row): void {
  for (const { milliseconds: ms, tasks } of phases) console.log(`${ms.toFixed(3).padStart(8)} ms  ${tasks}`);
}

function printOne(row: Row): void {
  for (const [name, { median, min }] of Object.entries({ ridgeline: row.ms_per_step, ...row.peers })) {
    const times = `median ${digits(median).padStart(7)} ms  min ${digits(min).padStart(7)} ms`;
    console.log(`${name.padEnd(18)} ${times}  ×${(median / row.ms_per_step.median).toFixed(2)}`);
  }
  console.log(`${digits(mflop)} MFLOP a step: ${digits(row.gflops)} GF/s`);
  printPhases(row);
}

/** One line of the table, whose columns are known before the first row is. */
function line(cells: readonly string[]): string {
  return cells.map((cell, i) => (i === 0 ? cell.padStart(7) : cell.padStart(18))).join('');
}

function printRow(row: Row): void {
  const cell = (of?: Statistics) => (of ? `${digits(of.median)} (${digits(of.min)})` : '–');
  const peers = values.peers ? peersOf(values.workload) : [];
  const [fastest] = Object.entries(row.peers).sort(([, a], [, b]) => a.median - b.median);
  const ratio = fastest && `  ×${(fastest[1].median / row.ms_per_step.median).toFixed(2)} ${fastest[0]}`;
  const cells = [`${row.threads}`, cell(row.ms_per_step), digits(row.gflops)];
  console.log(line([...cells, ...peers.map((name) => cell(row.peers[name]))]) + (ratio ?? ''));
  printPhases(row);
}

const [first] = machine();
const about = { workload: values.workload, cpu: first?.model ?? 'unknown', isa: runtime().isa };
const scaling = threadsList.length > 1 && !values.json;
if (scaling) {
  console.log(`${Object.values(about).join(', ')}; ${digits(mflop)} MFLOP a step; ms a step: median (min)`);
  const peers = values.peers ? peersOf(values.workload) : [];
  console.log(line(['threads', 'ridgeline', 'GF/s', ...peers]) + (peers.length > 0 ? '  fastest peer' : ''));
}
const rows: Row[] = [];
for (const threads of threadsList) {
  const row = await measure(threads);
  rows.push(row);
  if (scaling) printRow(row);
  else if (!values.json) printOne(row);
}
if (values.json) console.log(JSON.stringify({ ...about, mflop_per_step: mflop, rows }));
