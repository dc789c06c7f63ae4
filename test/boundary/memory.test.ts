/**
 * Memory that runs out: every verb succeeds or rejects with `ERR_MEMORY`, and the process lives. It runs `dist/`.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { node, script } from '../support/child.js';
import { checkBuilt } from '../support/dist.js';
import { long } from '../support/long.js';

const folder = mkdtempSync(join(tmpdir(), 'ridgeline-memory-'));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => checkBuilt());

/** MiB of address space beyond those that model and data take. */
const MORE = Array.from({ length: long ? 25 : 6 }, (_, i) => `${1 + i * (long ? 5 : 20)}`);
/** Has the allocator of Linux neither keep large pieces for the next try nor hold room for each thread in reserve. */
const ALL_TO_THE_SYSTEM = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: `${2 ** 17}` };
/** What V8 says before it ends the process where it gets no memory for itself. */
const V8_ENDED = /JavaScript heap out of memory|Fatal process (OOM|out of memory)/;

/** What came of each of those tries, by how much memory it had. */
async function outcomes(verb: string, tries: readonly string[]): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (let left = tries; left.length > 0; ) {
    const args = ['--expose-gc', script('limit'), verb, join(folder, verb), ...left];
    const { status, stdout, stderr } = await node(args, ALL_TO_THE_SYSTEM);
    const lines = stdout.split('\n').slice(0, -1);
    for (let i = 0; i < lines.length; i += 2) found[lines[i]!] = lines[i + 1] ?? '';
    if (status === 0) break;
    // The last try ended the process; the others get a new one.
    const [last] = lines.slice(-2 + (lines.length % 2));
    expect(left, stderr).toContain(last);
    found[last!] = V8_ENDED.test(stderr) ? 'V8 ended' : `died: ${stderr.split('\n')[0]}`;
    left = left.slice(left.indexOf(last!) + 1);
  }
  return found;
}

// Limits of address space are a matter of Linux.
describe.skipIf(process.platform !== 'linux')('little memory for', () => {
  const verbs = ['save', 'load', 'getWeights', 'export', 'ops', 'predict', 'fit'];
  const others = long ? ['exportToFile', 'evaluate', 'trainOnBatch', 'fitOfFew', 'booleans'] : [];
  test.each([...verbs, ...others])('%s', { timeout: 300_000 }, async (verb) => {
    // What one process has freed it has no need to ask for again, so in the long run each try has its own.
    const found: [string, string][] = [];
    for (const tries of long ? MORE.map((more) => [more]) : [MORE])
      found.push(...Object.entries(await outcomes(verb, tries)));
    expect(found.map(([more]) => more)).toEqual(MORE.slice(0, long ? MORE.length : found.length));
    const wrong = found.filter(
      ([, outcome]) => !/^(done|V8 ended|RidgelineError ERR_MEMORY: .*)$/.test(outcome),
    );
    expect(Object.fromEntries(wrong)).toEqual({});
    // There was too little for it at first.
    expect(found[0]?.[1]).not.toBe('done');
  });
});
