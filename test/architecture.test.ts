/**
 * ARCHITECTURE.md has a line for each file of `src/models/`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('each file of models has a line', async () => {
  const text = await readFile(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| `([\w-]+\.ts)` \|/gm)].map(([, name]) => name);
  const files = await readdir(new URL('../src/models/', import.meta.url));
  expect(lines.sort()).toEqual(files.sort());
});
