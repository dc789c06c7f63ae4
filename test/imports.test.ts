/**
 * The imports of the sources, of types too: they run one way.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const src = fileURLToPath(new URL('../src/', import.meta.url));

/** The files in src/ that each of them imports. */
const imports = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(src + file, 'utf8'));
      const targets = importedFiles
        .filter(({ fileName }) => fileName.startsWith('.'))
        .map(({ fileName }) => posix.join(posix.dirname(file), fileName).replace(/\.js$/, '.ts'));
      return [file, targets];
    }),
);

/** The shortest way from a file over its imports back to itself. */
function cycle(start: string): string[] | undefined {
  const ways = new Map<string, string[]>([[start, [start]]]);
  // A map walks over what is added on the way.
  for (const [file, way] of ways) {
    for (const target of imports.get(file) ?? []) {
      if (target === start) return [...way, start];
      if (!ways.has(target)) ways.set(target, [...way, target]);
    }
  }
  return undefined;
}

const isIn = (file: string, folder: string): boolean => file.startsWith(`${folder}/`);

test('there is no cycle', () => {
  expect(imports.size).toBeGreaterThan(50);
  expect([...imports.keys()].flatMap((file) => cycle(file)?.join(' → ') ?? [])).toEqual([]);
});

test.each([
  ['callbacks', 'models'],
  ['layers', 'models'],
  ['layers', 'callbacks'],
  ['core', 'models'],
  ['core', 'callbacks'],
  ['core', 'layers'],
])('src/%s/ imports nothing from src/%s/', (folder, above) => {
  const files = [...imports].filter(([file]) => isIn(file, folder));
  expect(files).not.toEqual([]);
  const upwards = files.filter(([, targets]) => targets.some((target) => isIn(target, above)));
  expect(upwards.map(([file]) => file)).toEqual([]);
});
