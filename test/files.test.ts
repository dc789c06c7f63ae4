/**
 * Files: whole or not at all, whoever writes at the same time, and only where files belong.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { callbacks, layers, loadModel, type Model, readOnnxMetadata, Sequential, tensor } from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { node, script } from './support/child.js';
import { checkBuilt } from './support/dist.js';
import { long } from './support/long.js';
import { bits, expectFailure, regression, x, y } from './support/small.js';

const root = mkdtempSync(join(tmpdir(), 'ridgeline-files-'));
afterAll(() => rmSync(root, { recursive: true }));
beforeAll(() => checkBuilt());

let folders = 0;
function newFolder(): string {
  const folder = join(root, `${folders++}`);
  mkdirSync(folder);
  return folder;
}

/** A model whose weights are all `value`, which its width depends on; as in `children/saves.mjs`. */
function uniform(value: number): Model {
  const width = 300 + value;
  const model = new Sequential([layers.input([width]), layers.dense(width)]);
  model.setWeights(
    model.getWeights().map(({ size, shape }) => tensor(new Float32Array(size).fill(value), { shape })),
  );
  return model;
}

/** Which of the models the saved file is. */
async function savedValue(path: string): Promise<number> {
  const model = await loadModel(path);
  const value = model.getWeights()[0]?.data[0] as number;
  expect(model.inputs[0]?.shape).toEqual([null, 300 + value]);
  expect(model.getWeights().every(({ data }) => data.every((weight: number) => weight === value))).toBe(true);
  return value;
}

/** Which of the models the exported file is: one whole export of it, byte for byte. */
async function exportOf(path: string, values: readonly number[]): Promise<number> {
  const bytes = readFileSync(path);
  expect(readOnnxMetadata(bytes).opset).toBe(17);
  for (const value of values) if (bytes.equals(await uniform(value).export())) return value;
  throw new Error('a file that nobody exported');
}

const what = {
  save: (path: string, _: readonly number[]) => savedValue(path),
  export: exportOf,
};
const verbs = ['save', 'export'] as const;

test.each([...verbs, 'saveWeights'] as const)('%s writes equal models alike', async (verb) => {
  const model = new Sequential([layers.input([4]), layers.dense(3), layers.dense(2)]).compile({
    loss: 'mse',
  });
  const path = join(newFolder(), 'model');
  const contents = new Set<string>();
  for (let i = 0; i < 6; i++) {
    await model[verb](path);
    contents.add(readFileSync(path).toString('base64'));
  }
  expect(contents.size).toBe(1);
});

describe.each(verbs)('several %s to one path', (verb) => {
  const times = long ? 200 : 10;
  const values = [1, 2, 3, 4, 5, 6, 7, 8];

  test('in one thread', async () => {
    const folder = newFolder();
    const path = join(folder, 'model');
    const models = values.map(uniform);
    for (let i = 0; i < times / 5; i++) {
      await Promise.all(models.map((model) => model[verb](path)));
      expect(readdirSync(folder)).toEqual(['model']);
      expect(values).toContain(await what[verb](path, values));
    }
  });

  const threads = (of: string[]): Promise<unknown> => {
    const worker = new Worker(script('saves'), { argv: of, stdout: true });
    return once(worker, 'exit').then(([code]) => code);
  };
  const processes = async (of: string[]): Promise<unknown> => {
    const { status, stderr } = await node([script('saves'), ...of]);
    return stderr || status;
  };
  test.each([
    ['worker threads', threads],
    ['processes', processes],
  ])('in two %s at once', async (_, start) => {
    const folder = newFolder();
    const path = join(folder, 'model');
    expect(await Promise.all([1, 2].map((value) => start([verb, path, `${value}`, `${times}`])))).toEqual([
      0, 0,
    ]);
    expect(readdirSync(folder)).toEqual(['model']);
    expect([1, 2]).toContain(await what[verb](path, [1, 2]));
  });
});

test.each(verbs)('a process that is killed while it does %s', { timeout: 300_000 }, async (verb) => {
  const folder = newFolder();
  const path = join(folder, 'model');
  let halves = 0;
  for (let i = 0; i < (long ? 100 : 2) || (halves === 0 && i < 20); i++) {
    const child = spawn(process.execPath, [script('saves'), verb, path, '700', '1e9'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    // A file beside it is one that is being written.
    for (let look = 0; look < 10_000 && readdirSync(folder).length < 2; look++);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(child.signalCode).toBe('SIGKILL');
    if (readdirSync(folder).length > 1) halves++;
    expect(await what[verb](path, [700])).toBe(700);
    await uniform(1)[verb](path);
    expect(readdirSync(folder)).toEqual(['model']);
    expect(await what[verb](path, [1])).toBe(1);
  }
  // Without one, nothing was shown.
  expect(halves).toBeGreaterThan(0);
});

describe.each(verbs)('%s', (verb) => {
  const values = [3, 4];
  const write = (value: number, to: string): Promise<unknown> => uniform(value)[verb](to);

  test.each<[string, (folder: string) => { link: string; target: string; to: string }]>([
    [
      'to a file beside it',
      (folder) => ({ link: join(folder, 'link'), target: join(folder, 'model'), to: 'model' }),
    ],
    [
      'to a file elsewhere, from where the link is',
      (folder) => {
        mkdirSync(join(folder, 'links'));
        mkdirSync(join(folder, 'files'));
        const target = join(folder, 'files', 'model');
        return { link: join(folder, 'links', 'link'), target, to: '../files/model' };
      },
    ],
    [
      'to a whole path',
      (folder) => ({ link: join(folder, 'link'), target: join(folder, 'm'), to: join(folder, 'm') }),
    ],
    [
      'to a link',
      (folder) => {
        symlinkSync('model', join(folder, 'inner'));
        return { link: join(folder, 'link'), target: join(folder, 'model'), to: 'inner' };
      },
    ],
  ])('a symlink stays one: %s', async (_, make) => {
    const folder = newFolder();
    const { link, target, to } = make(folder);
    symlinkSync(to, link);
    // The first time it leads nowhere yet.
    for (const value of values) {
      await write(value, link);
      expect(readlinkSync(link)).toBe(to);
      expect(lstatSync(target).isFile()).toBe(true);
      expect(await what[verb](target, values)).toBe(value);
    }
    expect(readdirSync(folder, { recursive: true }).filter((name) => String(name).endsWith('tmp'))).toEqual(
      [],
    );
  });

  test('links that go round', async () => {
    const folder = newFolder();
    symlinkSync('b', join(folder, 'a'));
    symlinkSync('a', join(folder, 'b'));
    await expectFailure(() => write(1, join(folder, 'a')), 'ERR_IO', /\/a'/);
    expect(readdirSync(folder)).toEqual(['a', 'b']);
  });

  test.each([0o600, 0o640, 0o755])('permissions stay: %i', async (mode) => {
    const path = join(newFolder(), 'model');
    await write(1, path);
    chmodSync(path, mode);
    await write(2, path);
    expect(lstatSync(path).mode & 0o777).toBe(mode);
    expect(await what[verb](path, [2])).toBe(2);
  });

  test('a link where a writer might write is not followed', async () => {
    const folder = newFolder();
    const [path, victim] = [join(folder, 'model'), join(folder, 'victim')];
    writeFileSync(victim, 'precious');
    const endings = Array.from({ length: 2000 }, (_, i) => `.${process.pid}-${i}.tmp`);
    const names = ['model.tmp', '.model.tmp', 'model~', `model.${process.pid}`];
    for (const name of [...names, ...endings.map((ending) => `model${ending}`)])
      symlinkSync('victim', join(folder, name));
    await write(1, path);
    expect(readFileSync(victim, 'utf8')).toBe('precious');
    expect(lstatSync(path).isFile()).toBe(true);
    expect(await what[verb](path, [1])).toBe(1);
  });

  test.each([
    ['a URL', (path: string) => new URL(`file://${path}`)],
    ['a URL of a path', pathToFileURL],
  ])('to %s', async (_, url) => {
    const folder = newFolder();
    const path = join(folder, 'a model, 100 % mine');
    const to = url(path.replace('%', url === pathToFileURL ? '%' : '%25'));
    await uniform(1)[verb](to as URL);
    expect(readdirSync(folder)).toEqual(['a model, 100 % mine']);
    expect(await what[verb](path, [1])).toBe(1);
    if (verb === 'save') expect(bits(await loadModel(to))[0]).toBe(1);
  });
});

// `mkfifo` is no program of Windows, nor is there a device that is a file.
describe.skipIf(process.platform === 'win32')('what is no file', () => {
  const fifo = join(newFolder(), 'fifo');
  const folder = newFolder();
  beforeAll(() => {
    execFileSync('mkfifo', [fifo]);
    writeFileSync(join(folder, 'inside'), 'still here');
  });
  const places = [
    ['a folder', folder, () => lstatSync(folder).isDirectory() && existsSync(join(folder, 'inside'))],
    ['a FIFO', fifo, () => lstatSync(fifo).isFIFO()],
    ['/dev/null', '/dev/null', () => lstatSync('/dev/null').isCharacterDevice()],
  ] as const;
  const calls = {
    save: (path: string) => regression().save(path),
    export: (path: string) => regression().export(path),
    loadModel: (path: string) => loadModel(path),
    csvLogger: (path: string) => regression().fit(x, y, { callbacks: [callbacks.csvLogger(path)] }),
  };
  for (const [name, call] of Object.entries(calls)) {
    test.each(places)(`${name}: %s`, { timeout: 5000 }, async (_, path, isAsItWas) => {
      const link = join(newFolder(), 'link');
      symlinkSync(path, link);
      await expectFailure(() => call(path), 'ERR_IO', new RegExp(path));
      await expectFailure(() => call(link), 'ERR_IO', /link/);
      expect(isAsItWas()).toBe(true);
      expect(readlinkSync(link)).toBe(path);
      expect(readdirSync(join(fifo, '..'))).toEqual(['fifo']);
      expect(readdirSync(folder)).toEqual(['inside']);
    });
  }
});

describe('paths that are none', () => {
  const calls = {
    save: (path: never) => regression().save(path),
    export: (path: never) => regression().export(path),
    loadModel: (path: never) => loadModel(path),
  };
  const folder = newFolder();
  const paths: [string, unknown][] = [
    ['with NUL', join(folder, 'a\0b')],
    ['of NUL alone', '\0'],
    ['a URL with NUL', new URL(`file://${folder}/a%00b`)],
    ['a URL of another protocol', new URL('https://example.com/model')],
    ['a URL with a host', new URL('file://elsewhere/model')],
    ['empty', ''],
  ];
  for (const [name, call] of Object.entries(calls)) {
    test.each(paths)(`${name}: %s`, async (_, path) => {
      await expectFailure(
        () => call(path as never),
        'ERR_ARGUMENT',
        /^path must be a file name or file: URL/,
      );
      expect(readdirSync(folder)).toEqual([]);
    });
  }
});
