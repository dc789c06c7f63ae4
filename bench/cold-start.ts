/**
 * Milliseconds from the start of a process to the end of its first epoch: quickstart's net on all digits, with
 * validation, beside a Node that does nothing.
 *
 * usage: npm run bench -- cold-start [--rounds n] [--json]
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { statistics } from './statistics.js';

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: { rounds: { type: 'string', default: '15' }, json: { type: 'boolean', default: false } },
});

/** Milliseconds from here until the process has written its first line, or has ended without one. */
async function untilItSpeaks(args: string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  await Promise.race([once(child.stdout, 'data'), ended]);
  const time = performance.now() - start;
  const [status] = await ended;
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`);
  return time;
}

const script = fileURLToPath(new URL('children/first-epoch.mjs', import.meta.url));
const times = { 'first epoch': [] as number[], 'bare node': [] as number[] };
for (let round = 0; round < Number(values.rounds); round++) {
  times['first epoch'].push(await untilItSpeaks([script]));
  times['bare node'].push(await untilItSpeaks(['-e', 'console.log(0)']));
}
for (const [name, list] of Object.entries(times)) {
  const { median, min } = statistics(list);
  if (values.json) console.log(JSON.stringify({ cold_start: name, ms: { median, min } }));
  else
    console.log(
      `${name.padEnd(12)} median ${median.toFixed(0).padStart(5)} ms  min ${min.toFixed(0).padStart(5)} ms`,
    );
}
