/**
 * The pages of `docs/`: every example in them runs, and the list of pages names all.
 */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
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
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  try {
    for (const [i, code] of examples.entries()) {
      const name = `${page}-${i}.ts`;
      await writeFile(name, code);
      await import(/* @vite-ignore */ join(folder, name));
    }
    expect(warn.mock.calls).toEqual([]);
  } finally {
    log.mockRestore();
    warn.mockRestore();
  }
});

test('every example is what the compiler takes of a careful user', { timeout: 120_000 }, async () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const sources = new Map<string, string>();
  for (const page of [...pages.map((name) => `docs/${name}`), 'README.md']) {
    const text = await readFile(join(root, page), 'utf8');
    for (const [i, [, code]] of [...text.matchAll(/```ts\n(.*?)```/gs)].entries())
      sources.set(join(root, `${page}-${i}.mts`), `${code}\nexport {};\n`);
  }
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    types: ['node'],
    paths: { ridgeline: [join(root, 'src/index.ts')] },
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile: read } = host;
  host.fileExists = (name) => sources.has(name) || fileExists(name);
  host.readFile = (name) => sources.get(name) ?? read(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = sources.get(name);
    return text === undefined
      ? getSourceFile(name, language, ...rest)
      : ts.createSourceFile(name, text, language);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  const faults = [...sources.keys()].flatMap((name) => {
    const source = program.getSourceFile(name) as ts.SourceFile;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ start = 0, messageText }) => {
        const { line } = source.getLineAndCharacterOfPosition(start);
        return `${relative(root, name)}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
  expect(faults).toEqual([]);
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
