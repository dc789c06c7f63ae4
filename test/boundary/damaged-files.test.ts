/**
 * Damaged files: whatever stands in one, it is loaded or refused, soon and in little memory. It runs `dist/`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  callbacks,
  input,
  layers,
  Model,
  Sequential,
  type SymbolicTensor,
  setRandomSeed,
  tensor,
} from 'ridgeline';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { node, script } from '../support/child.js';
import { checkBuilt } from '../support/dist.js';
import { long } from '../support/long.js';
import { file, parts } from '../support/saved-file.js';
import { numbers, x, y } from '../support/small.js';

const root = mkdtempSync(join(tmpdir(), 'ridgeline-damaged-'));
afterAll(() => rmSync(root, { recursive: true }));

/** Files whose text has something of everything. */
async function write(): Promise<Buffer[]> {
  setRandomSeed(7);
  const sequential = new Sequential([
    layers.input([4]),
    layers.dense(8, { kernelRegularizer: 'l2', kernelConstraint: 'maxNorm' }),
    layers.batchNormalization({ trainable: false }),
    layers.dropout(0.5),
    layers.dense(1, { activation: 'tanh' }),
  ]).compile({
    optimizer: {
      name: 'adam',
      learningRate: { name: 'cosineDecay', initialLearningRate: 0.1, decaySteps: 9 },
    },
    loss: 'mse',
    metrics: ['mae'],
  } as never);
  const stopping = callbacks.earlyStopping({ monitor: 'loss', patience: 9, restoreBestWeights: true });
  await sequential.fit(x, y, { epochs: 2, callbacks: [stopping] });
  const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
  const shared = layers.dense(3);
  const inner = new Sequential([layers.input([3]), layers.dense(6), layers.reshape([2, 3])], {
    name: 'inner',
  });
  const both = layers.concatenate()([shared(a), shared(b)]);
  const outputs = [inner(shared(a)), layers.dense(1, { name: 'out' })(both)] as SymbolicTensor[];
  const functional = new Model({ inputs: [a, b], outputs });
  functional.compile({ optimizer: 'sgd', loss: ['mse', 'mae'], metrics: { out: ['mse'] } } as never);
  await functional.fit({ a: x, b: x }, [tensor(numbers(10, 6).data, { shape: [10, 2, 3] }), y] as never);
  const paths = [sequential, functional].map((_, i) => join(root, `${i}`));
  await sequential.save(paths[0]!);
  await functional.save(paths[1]!);
  return paths.map((path) => readFileSync(path));
}

type Random = (below: number) => number;

/** Integers below a bound, always the same ones for a seed (xorshift). */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const VALUES = [
  ...[null, true, false, -1, 0, 0.5, 1, 2, 1e9, 2 ** 31, 2 ** 53, 1e300, '', 'x', 'relu', 'Dense'],
  ...[[], [1], [null, 1e9], [[]], {}, { name: 'x' }, { $custom: 'x' }, { $number: 'NaN' }, { from: [9, 9] }],
  JSON.parse('{"__proto__": {"length": 3}}'),
];

/** `json` with one value replaced by another, left out or doubled, and where. */
function replaced(json: unknown, random: Random): unknown {
  const copy = structuredClone(json) as Record<string, unknown>;
  const places: [Record<string, unknown>, string][] = [];
  const walk = (of: unknown): void => {
    if (typeof of !== 'object' || of === null) return;
    for (const key of Object.keys(of)) {
      places.push([of as Record<string, unknown>, key]);
      walk((of as Record<string, unknown>)[key]);
    }
  };
  walk(copy);
  const [of, key] = places[random(places.length)]!;
  const how = random(8);
  if (how === 0) delete of[key];
  else if (how === 1 && Array.isArray(of)) of.push(structuredClone(of[Number(key)]));
  else of[key] = structuredClone(VALUES[random(VALUES.length)]);
  return copy;
}

type Header = Record<string, unknown> & { __metadata__: Record<string, string> };

/** Ways to damage a file. */
const damages: Record<string, (bytes: Buffer, random: Random) => Buffer> = {
  flips(bytes, random) {
    const copy = Buffer.from(bytes);
    const end = 8 + parts(bytes).header.length;
    for (let i = random(8); i >= 0; i--) copy[random(end)]! ^= 1 << random(8);
    return copy;
  },
  truncations: (bytes, random) => bytes.subarray(0, random(bytes.length)),
  numbers(bytes, random) {
    const { header, data } = parts(bytes);
    const text = header.toString();
    const all = [...text.matchAll(/\d+(\.\d+)?/g)];
    const { index, 0: digits } = all[random(all.length)]!;
    const value = JSON.stringify([-1, 0, 0.5, 7, 1e9, 2 ** 53, 1e20, null][random(8)]);
    return file(`${text.slice(0, index)}${value}${text.slice(index + digits.length)}`, data);
  },
  header(bytes, random) {
    const { header, data } = parts(bytes);
    return file(JSON.stringify(replaced(JSON.parse(header.toString()), random)), data);
  },
  text(bytes, random) {
    const { header, data } = parts(bytes);
    const json = JSON.parse(header.toString()) as Header;
    let text: unknown = JSON.parse(json.__metadata__.ridgeline as string);
    for (let i = random(3); i >= 0; i--) text = replaced(text, random);
    json.__metadata__.ridgeline = JSON.stringify(text);
    return file(JSON.stringify(json), data);
  },
};
/** Most damage is in the text. */
const kinds = ['flips', 'truncations', 'numbers', 'header', 'text', 'text', 'text', 'text'] as const;

let whole: Buffer[];
beforeAll(async () => {
  checkBuilt();
  whole = await write();
});

interface Loaded {
  readonly outcome: string;
  readonly ms: number;
  readonly mebibytes: number;
}

let folders = 0;
/** What comes of loading files, by name. */
async function load(files: ReadonlyMap<string, Buffer>): Promise<Map<string, Loaded>> {
  const folder = join(root, `files-${folders++}`);
  mkdirSync(folder);
  for (const [name, bytes] of files) writeFileSync(join(folder, name), bytes);
  const args = [script('loads'), folder, join(root, '0')];
  // Every thread would take address space of its own for what it allocates.
  const { status, stdout, stderr } = await node(args, { MALLOC_ARENA_MAX: '1' }, 60_000);
  const lines = stdout.split('\n').slice(0, -1);
  expect({ status, stderr }, `at ${lines.at(-1)} in ${folder}`).toEqual({ status: 0, stderr: '' });
  rmSync(folder, { recursive: true });
  const results = new Map<string, Loaded>();
  for (let i = 0; i < lines.length; i += 2) results.set(lines[i]!, JSON.parse(lines[i + 1]!) as Loaded);
  expect(results.size).toBe(files.size);
  return results;
}

/** What {@link loadModel} may come to, in how much time and memory. */
const isFine = ({ outcome, ms, mebibytes }: Loaded, refusals: RegExp): boolean =>
  (outcome === 'loaded' || refusals.test(outcome)) && ms < 5000 && mebibytes < 500;

test('what is damaged at random is loaded or refused', { timeout: 600_000 }, async () => {
  const outcomes = new Set<string>();
  for (let first = 0; first < (long ? 20_000 : 300); first += 500) {
    const files = new Map<string, Buffer>();
    for (let i = first; i < first + (long ? 500 : 300); i++) {
      const random = generator(i + 1);
      for (let k = 0; k < 10; k++) random(2);
      const kind = kinds[i % kinds.length]!;
      files.set(`${i}-${kind}`, damages[kind]!(whole[random(2)]!, random));
    }
    const results = [...(await load(files))];
    const refusals = /^RidgelineError ERR_(IO|ARGUMENT|SHAPE|DTYPE): ./;
    expect(results.filter(([, of]) => !isFine(of, refusals))).toEqual([]);
    for (const [, { outcome }] of results) outcomes.add(outcome.split(':')[0]!);
  }
  // Some damage matters to nobody.
  expect([...outcomes]).toEqual(expect.arrayContaining(['loaded', 'RidgelineError ERR_IO']));
});

describe('little files about much', () => {
  const of = (text: object): Buffer =>
    file(
      JSON.stringify({
        __metadata__: { ridgeline: JSON.stringify({ format: 1, seed: 1, frozen: [], ...text }) },
      }),
      Buffer.alloc(0),
    );
  const dense = (units: number) => ({ className: 'Dense', config: { name: 'dense', units } });
  const sequential = (columns: number, ...of: object[]) => ({
    model: {
      ...{
        className: 'Sequential',
        name: 'm',
        trainable: true,
        layers: of,
        outputs: [{ from: [of.length - 1, 0] }],
      },
      inputs: [{ shape: [null, columns], dtype: 'float32' }],
      calls: of.map((_, layer) => ({ layer, args: [{ from: [layer - 1, 0] }] })),
    },
  });
  const files = new Map([
    ['a wide input', of(sequential(2 ** 28, dense(64)))],
    ['a wide layer', of(sequential(4, dense(2 ** 28)))],
    ['many wide layers', of(sequential(4096, ...Array.from({ length: 64 }, () => dense(4096))))],
    ['more than there is', of(sequential(2 ** 40, dense(2 ** 40)))],
    [
      'a wide normalization',
      of(sequential(2 ** 28, { className: 'BatchNormalization', config: { name: 'n' } })),
    ],
  ]);
  test('are refused at once', async () => {
    const results = await load(files);
    for (const [name, { outcome, ms, mebibytes }] of results) {
      expect(outcome, name).toMatch(/^RidgelineError ERR_IO: .*is not a model file/);
      expect(ms, name).toBeLessThan(1000);
      expect(mebibytes, name).toBeLessThan(64);
    }
  });
});
