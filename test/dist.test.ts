/**
 * The guard of `dist/`: what it lets through, and what it says to run.
 */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkBuilt } from './support/dist.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ridgeline-dist-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Writes empty files, each with a time in seconds. */
function write(files: Record<string, number>): () => void {
  for (const [file, seconds] of Object.entries(files)) {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, '');
    utimesSync(path, seconds, seconds);
  }
  return () => checkBuilt(join(folder, 'src'), join(folder, 'dist'));
}

test('files that were compiled after their last change', () => {
  expect(write({ 'src/a.ts': 1, 'src/b/c.ts': 3, 'dist/a.js': 2, 'dist/b/c.js': 3 })).not.toThrow();
});

test.each([
  ['nothing is built', { 'src/a.ts': 1 }, /^dist\/ is missing: remove dist\/ and run `npm run build`/],
  ['a new source', { 'src/a.ts': 1, 'src/b.ts': 1, 'dist/a.js': 2 }, /^src\/b\.ts is not in dist\//],
  ['a changed source', { 'src/a.ts': 3, 'dist/a.js': 2 }, /^src\/a\.ts is newer than dist\/a\.js/],
  ['a source that is gone', { 'src/a.ts': 1, 'dist/a.js': 2, 'dist/b.js': 2 }, /^dist\/b\.js has no source/],
])('%s', (_, files: Record<string, number>, says) => {
  expect(write(files)).toThrow(says);
});

test('every test that runs dist/ asks first', () => {
  const tests = fileURLToPath(new URL('.', import.meta.url));
  const files = readdirSync(tests, { recursive: true, encoding: 'utf8' });
  // What is run is dist/: by child processes, by workers, and as the package that consumers install.
  const running = files
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => ({ file, text: readFileSync(join(tests, file), 'utf8') }))
    .filter(({ text }) => /^import .*(node:child_process|support\/child)/m.test(text));
  expect(running.length).toBeGreaterThan(2);
  const careless = running.filter(({ text }) => !/beforeAll\([^)]*\) => \{?\s*checkBuilt\(\)/.test(text));
  expect(careless.map(({ file }) => file)).toEqual([]);
});
