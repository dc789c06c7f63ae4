/**
 * The pages of `docs/`: every example in them runs, and the list of pages names all.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

const docs = new URL('../docs/', import.meta.url);
const pages = (await readdir(docs)).filter((name) => name.endsWith('.md') && name !== 'README.md');
const home = process.cwd();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeline-docs-'));
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

test.each(pages)('%s', async (page) => {
  const text = await readFile(new URL(page, docs), 'utf8');
  const examples = [...text.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code as string);
  expect(examples.length).toBeGreaterThan(0);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  try {
    for (const [i, code] of examples.entries()) {
      const name = `${page}-${i}.ts`;
      await writeFile(name, code);
      await import(/* @vite-ignore */ join(folder, name));
    }
  } finally {
    log.mockRestore();
  }
});

test('the list names all pages', async () => {
  const list = await readFile(new URL('README.md', docs), 'utf8');
  expect([...list.matchAll(/\]\(([\w-]+\.md)\)/g)].map(([, page]) => page).sort()).toEqual(pages.sort());
});

test('the package holds what the README links to', async () => {
  const [readme, manifest] = await Promise.all(
    ['README.md', 'package.json'].map((name) => readFile(new URL(`../${name}`, import.meta.url), 'utf8')),
  );
  const links = [...(readme as string).matchAll(/\]\(([\w/-]+\.md)\)/g)].map(([, file]) => file as string);
  const { files } = JSON.parse(manifest as string) as { files: string[] };
  const held = (file: string): boolean =>
    files.includes(file) || (files.includes('docs/*.md') && /^docs\/[\w-]+\.md$/.test(file));
  expect(links.filter((file) => !held(file))).toEqual([]);
});
