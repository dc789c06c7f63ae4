/**
 * The package as its users have it: packed, installed without a network, compiled against by strict projects, extended
 * with layers that went through other compilers, and run on Node, Bun and Deno. Needs a build.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import swc from '@swc/core';
import esbuild from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkBuilt } from './support/dist.js';
import { long } from './support/long.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const TIMEOUT = 120_000;

/** An empty project with the package installed. */
let project: string;

/** Runs a program in the project and gives what it prints; rejects with its output when it fails. */
async function run(program: string, ...args: string[]): Promise<string> {
  try {
    return (await promisify(execFile)(program, args, { cwd: project })).stdout;
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`${program} ${args.join(' ')}\n${stdout}${stderr}`);
  }
}

/** Folders of the packages that the package in `folder` depends on, its own first, as they lie in node_modules. */
async function withDependencies(folder: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(folder)) return found;
  found.add(folder);
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  for (const name of Object.keys(dependencies)) {
    for (let from = folder; ; from = dirname(from)) {
      const candidate = join(from, 'node_modules', name);
      const there = await readFile(join(candidate, 'package.json')).then(
        () => true,
        () => false,
      );
      if (!there && from !== dirname(from)) continue;
      await withDependencies(candidate, found);
      break;
    }
  }
  return found;
}

/** The binary that an npm package of binaries brought for this machine. */
async function binary(scope: string, path: string): Promise<string> {
  const [platform] = await readdir(join(modules, scope));
  return join(modules, scope, platform!, path);
}

beforeAll(async () => {
  checkBuilt();
  project = await mkdtemp(join(tmpdir(), 'ridgeline-consumer-'));
  await writeFile(
    join(project, 'package.json'),
    JSON.stringify({ name: 'consumer', private: true, type: 'module' }),
  );
  await cp(join(root, 'test/consumers'), project, { recursive: true });
  await mkdir(join(project, 'tarballs'));
  const packed = await run(
    'npm',
    ...['pack', ...(await withDependencies(root.slice(0, -1)))],
    ...['--silent', '--ignore-scripts', '--pack-destination', join(project, 'tarballs')],
  );
  const tarballs = packed
    .trim()
    .split('\n')
    .map((name) => `./tarballs/${name}`);
  await run('npm', 'install', '--offline', '--no-audit', '--no-fund', '--silent', ...tarballs);
}, TIMEOUT);
afterAll(() => rm(project, { recursive: true }));

describe('the package', () => {
  test('has no scripts that run on installation, and no sources', async () => {
    const folder = join(project, 'node_modules/ridgeline');
    const { scripts } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
    expect(Object.keys(scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
    const files = await readdir(folder);
    expect(files).toEqual(
      expect.arrayContaining(['CHANGELOG.md', 'LICENSE-APACHE', 'LICENSE-MIT', 'README.md', 'dist']),
    );
    expect(files.filter((name) => ['src', 'crates', 'test', 'node_modules'].includes(name))).toEqual([]);
  });

  test('can be required', async () => {
    const script = `
      const { input, layers, Sequential } = require('ridgeline');
      new Sequential([input([2]), layers.dense(1)]).predict([[1, 2]]).then(({ shape }) => console.log(shape));`;
    expect(await run(process.execPath, '--no-warnings', '--input-type=commonjs', '--eval', script)).toBe(
      '[ 1, 1 ]\n',
    );
  });
});

const COMPILERS = { 'TypeScript 6': 'typescript', 'TypeScript 7': 'typescript-7' };
const tsc = (compiler: string, ...args: string[]): Promise<string> =>
  run(process.execPath, join(modules, compiler, 'bin/tsc'), ...args);

type Format = [module: string, resolution: string, files: string[]];

describe.each(Object.entries(COMPILERS))('strict projects on %s', (_, compiler) => {
  // The others resolve as one of these does.
  const OTHERS: Format[] = [
    ['node20', 'node16', ['consumer.ts', 'consumer.cts']],
    ['esnext', 'bundler', ['consumer.ts']],
  ];
  test.each<Format>([
    ['nodenext', 'nodenext', ['consumer.ts', 'consumer.cts']],
    ['preserve', 'bundler', ['consumer.ts', 'consumer.cts']],
    ...(long ? OTHERS : []),
  ])(
    'module %s, resolution %s',
    async (module, moduleResolution, files) => {
      const config = {
        extends: './tsconfig.json',
        compilerOptions: { module, moduleResolution },
        files: files.map((name) => `strict/${name}`),
      };
      const path = `tsconfig.${compiler}.${module}.json`;
      await writeFile(join(project, path), JSON.stringify(config));
      expect(await tsc(compiler, '--project', path)).toBe('');
    },
    TIMEOUT,
  );
});

describe('a layer with private inner layers', () => {
  // What matters is lowered in three ways: private fields and optional calls, private fields alone, and neither.
  const TARGETS = ['es2017', 'es2020', 'es2022'] as const;
  const BETWEEN = ['es2018', 'es2019', 'es2021'] as const;
  type Target = (typeof TARGETS | typeof BETWEEN)[number];
  let source: string;
  let expected: string;

  const byTsc =
    (compiler: string) =>
    async (target: Target): Promise<string> => {
      const folder = `${compiler}-${target}`;
      const compilerOptions = {
        target,
        module: 'nodenext',
        // The DOM for `console`.
        lib: ['es2022', 'dom'],
        rootDir: 'layer',
        outDir: folder,
        noEmit: false,
      };
      const config = { extends: './tsconfig.json', compilerOptions, files: ['layer/gate.ts'] };
      await writeFile(join(project, `${folder}.json`), JSON.stringify(config));
      await tsc(compiler, '--project', `${folder}.json`);
      return readFile(join(project, folder, 'gate.js'), 'utf8');
    };
  const LOWER: Record<string, (target: Target) => Promise<string>> = {
    'TypeScript 6': byTsc('typescript'),
    'TypeScript 7': byTsc('typescript-7'),
    esbuild: async (target) =>
      (await esbuild.transform(source, { loader: 'ts', format: 'esm', target })).code,
    swc: async (target) =>
      (await swc.transform(source, { jsc: { parser: { syntax: 'typescript' }, target } })).code,
  };

  beforeAll(async () => {
    source = await readFile(join(project, 'layer/gate.ts'), 'utf8');
    const { code } = await esbuild.transform(source, { loader: 'ts', format: 'esm', target: 'esnext' });
    await writeFile(join(project, 'gate.mjs'), code);
    expected = await run(process.execPath, 'gate.mjs');
  }, TIMEOUT);

  test('finds its inner layers', () => {
    const { weights, loss } = JSON.parse(expected);
    expect(loss.at(-1)).toBeLessThan(loss[0]);
    const inner = ['dense', 'dense_1', 'dense_2', 'dense_3'].flatMap((name) => [
      `gate/${name}/kernel`,
      `gate/${name}/bias`,
    ]);
    const norm = ['gate/layer_normalization/gamma', 'gate/layer_normalization/beta'];
    expect(weights).toEqual(['gate/scale', ...norm, ...inner, 'dense/kernel', 'dense/bias']);
  });

  describe.each(Object.entries(LOWER))('by %s', (compiler, lower) => {
    test.each<Target>([...TARGETS, ...(long ? BETWEEN : [])])(
      'for %s',
      async (target) => {
        const code = await lower(target);
        // Private fields are lowered before es2022, or the case would prove nothing.
        expect(code.includes('#inner')).toBe(target === 'es2022');
        const name = `${compiler.replace(' ', '-')}.${target}.mjs`;
        await writeFile(join(project, name), code);
        expect(await run(process.execPath, name)).toBe(expected);
      },
      TIMEOUT,
    );
  });

  test(
    'on Bun',
    async () => {
      expect(await run(await binary('@oven', 'bin/bun'), 'run', 'gate.mjs')).toBe(expected);
    },
    TIMEOUT,
  );

  test(
    'on Deno',
    async () => {
      const args = ['run', '--quiet', '--no-prompt', '--allow-all', 'gate.mjs'];
      expect(await run(await binary('@deno', 'deno'), ...args)).toBe(expected);
    },
    TIMEOUT,
  );
});
