/**
 * Runs cases in child processes, one after the other, and gathers what went wrong: also that a process died, hung or
 * had something to say.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Fault } from './judge.js';

/** A fault and the seed of its case. */
export interface Found extends Fault {
  readonly seed: number;
}

/** Cases of one process: what it would leak stays small. */
const CHUNK = 10_000;
/** Milliseconds that a case may take before its process counts as hanging; the first has its loading to wait for. */
const PATIENCE = 12_000;
/** Processes that may end before their time: each has cost long. */
const MOST_LOST = 3;

const child = fileURLToPath(new URL('child.ts', import.meta.url));
const project = fileURLToPath(new URL('../../tsconfig.test.json', import.meta.url));
const tsx = import.meta.resolve('tsx');

/** Runs cases until all are done or the process ends; gives what was found, and the seed to go on with. */
async function run(
  folder: string,
  first: number,
  count: number,
): Promise<{ found: Found[]; next: number; lost: boolean }> {
  const journal = join(folder, `${first}.jsonl`);
  const node = ['--no-warnings', '--expose-gc', '--import', tsx];
  const started = spawn(process.execPath, [...node, child, journal, String(first), String(count)], {
    cwd: folder,
    env: { ...process.env, TSX_TSCONFIG_PATH: project },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let hung = false;
  let [length, at] = [0, Date.now()];
  const watch = setInterval(() => {
    const now = statSync(journal, { throwIfNoEntry: false })?.size ?? 0;
    if (now !== length) [length, at] = [now, Date.now()];
    else if (Date.now() - at > PATIENCE) hung = started.kill('SIGKILL');
  }, 500);
  const [out, said, [status, signal]] = await Promise.all([
    text(started.stdout),
    text(started.stderr),
    once(started, 'close'),
  ]);
  clearInterval(watch);
  const lines = readFileSync(journal, { encoding: 'utf8', flag: 'a+' }).split('\n').filter(Boolean);
  const entries = lines.map((line) => JSON.parse(line) as number | 'end' | Found);
  const found = entries.filter((entry) => typeof entry === 'object');
  const seed = entries.findLast((entry) => typeof entry === 'number') ?? first;
  const printed = `${out}${said}`.trim().slice(-600);
  const lost = entries.at(-1) !== 'end';
  if (hung) found.push({ seed, what: 'hangs', at: 'the JavaScript thread' });
  else if (lost) found.push({ seed, what: `the process died: ${signal ?? status}`, at: printed });
  else if (printed !== '')
    found.push({ seed: first, what: 'native code printed, in this case or in one after it', at: printed });
  return { found, next: seed + 1, lost };
}

/** Runs the cases of `count` seeds from `first` on, to the end unless several processes are lost. */
export async function campaign(first: number, count: number): Promise<Found[]> {
  const folder = mkdtempSync(join(tmpdir(), 'ridgeline-campaign-'));
  const all: Found[] = [];
  try {
    let left = MOST_LOST;
    for (let seed = first; seed < first + count && left > 0; ) {
      const { found, next, lost } = await run(folder, seed, Math.min(CHUNK, first + count - seed));
      all.push(...found);
      if (lost) left -= 1;
      seed = next;
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return all;
}
