/**
 * What ARCHITECTURE.md says of files: a line for each of `src/models/`, and where unsafe code stands.
 */
import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('each file of models has a line', async () => {
  const text = await readFile(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
  const lines = [...text.matchAll(/^\| `([\w-]+\.ts)` \|/gm)].map(([, name]) => name);
  const files = await readdir(new URL('../src/models/', import.meta.url));
  expect(lines.sort()).toEqual(files.sort());
});

test('unsafe code of the engine stands where it is said to', async () => {
  const engine = new URL('../crates/engine/src/', import.meta.url);
  const files = (await readdir(engine, { recursive: true })).filter((file) => file.endsWith('.rs'));
  const isUnsafe = async (file: string): Promise<boolean> =>
    /\bunsafe (?:\{|fn|impl)/.test(await readFile(new URL(file, engine), 'utf8'));
  const found: string[] = [];
  for (const file of files) if (await isUnsafe(file)) found.push(file.replaceAll('\\', '/'));
  const elsewhere = found.filter((file) => !/^(?:plan|run)\//.test(file));
  expect(elsewhere.sort()).toEqual(['memory.rs', 'ops/leaf.rs', 'pages.rs', 'step.rs', 'words.rs']);
  const text = await readFile(new URL('../ARCHITECTURE.md', import.meta.url), 'utf8');
  const [line] = text.match(/- Unsafe code stands[\s\S]*?reason/) ?? [''];
  for (const file of elsewhere) expect(line).toContain(`\`${file}\``);
});
