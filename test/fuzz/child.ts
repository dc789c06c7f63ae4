/**
 * A process that runs cases: `child.ts JOURNAL FIRST COUNT`. What it does it notes in a file, which outlives it: the
 * seed of every case before it runs, and what was wrong with it after it did.
 */
import { openSync, writeSync } from 'node:fs';
import { codeOf } from './cases.js';
import { judge } from './judge.js';

const [journal, first, count] = process.argv.slice(2) as [string, string, string];
const file = openSync(journal, 'a');
const note = (entry: unknown): void => void writeSync(file, `${JSON.stringify(entry)}\n`);

// What JavaScript prints is of no interest here; what comes out all the same is from native code.
const silent = (() => true) as never;
process.stdout.write = silent;
process.stderr.write = silent;

const collect = (globalThis as { gc?: () => void }).gc;

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  note(seed);
  const fault = await judge(codeOf(seed));
  if (fault) note({ seed, ...fault });
  // Native memory weighs nothing in JavaScript's eyes.
  if (seed % 200 === 0) collect?.();
}
note('end');
process.exit(0);
