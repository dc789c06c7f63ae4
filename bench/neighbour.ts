/**
 * Milliseconds of a training step alone and beside a foreign process that keeps one core busy, in turns.
 *
 * usage: npm run bench -- neighbour [--workload mlp|wide|tiny] [--threads n] [--rounds n] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { count, threadCount } from './arguments.js';
import { millisecondsPerStep, workload } from './workloads.js';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    workload: { type: 'string', default: 'mlp' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const threads = threadCount(values.threads);
const rounds = count('rounds', values.rounds);
const of = workload(values.workload);
const step = (): Promise<number> => millisecondsPerStep(of, threads);

const mean = (times: readonly number[]): number => times.reduce((a, b) => a + b, 0) / times.length;
for (let i = 0; i < 3; i++) await step();
const [quiet, busy]: [number[], number[]] = [[], []];
for (let round = 0; round < rounds; round++) {
  quiet.push(await step());
  const neighbour = spawn(process.execPath, ['-e', "console.log('busy'); for (;;);"], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(neighbour, 'close');
  await once(neighbour.stdout, 'data');
  busy.push(await step());
  neighbour.kill('SIGKILL');
  await ended;
}
const result = { quiet: mean(quiet), busy: mean(busy), ratio: mean(busy) / mean(quiet) };
if (values.json)
  console.log(JSON.stringify({ workload: values.workload, threads, mean_ms_per_step: result }));
else
  console.log(
    `mean step alone ${result.quiet.toFixed(2)} ms, beside a busy process ${result.busy.toFixed(2)} ms: ×${result.ratio.toFixed(2)}`,
  );
