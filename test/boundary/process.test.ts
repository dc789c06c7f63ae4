/**
 * Processes and workers: load, train, be killed and end without taking anything else along. They run `dist/`.
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, test } from 'vitest';
import { node, script } from '../support/child.js';
import { checkBuilt } from '../support/dist.js';

beforeAll(() => checkBuilt());

describe('exit', () => {
  test.each([0, 3, 42])('process.exit(%i) in the middle of a fit', async (code) => {
    const { status, stdout, stderr } = await node([script('exit'), 'exit', String(code)]);
    expect({ status, stderr }).toEqual({ status: code, stderr: '' });
    expect(stdout).toBe('training\n');
  });

  test('an uncaught error in the middle of a fit', async () => {
    const { status, stderr } = await node([script('exit'), 'throw']);
    expect(status).toBe(1);
    expect(stderr).toMatch(/Error: uncaught/);
  });

  test('the natural end waits for a fit under way', async () => {
    expect(await node([script('pending')])).toEqual({ status: 0, stdout: 'epochs 20\n', stderr: '' });
  });
});

// With one arena the allocator's own growth is small; data that stayed would be more than twice each bound.
test.each([
  ['one model', ['--expose-gc'], 'kept', 100, 200, 12],
  ['new models', ['--expose-gc'], 'fresh', 600, 400, 25],
  ['much data, left to the garbage collector', [], 'large', 5, 15, 150],
] as const)(
  'memory does not grow over many fits of %s',
  async (_, flags, kind, first, then, bound) => {
    const args = [...flags, script('memory'), kind, String(first), String(then), String(bound)];
    const { status, stdout, stderr } = await node(args, { MALLOC_ARENA_MAX: '1' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(Number(stdout)).toBeLessThan(bound);
  },
  120_000,
);

// One activation of 20,000 × 1,024 floats is 78 MiB, and backward holds two at a time.
test('dispose gives the memory of programs back at once', async () => {
  const { status, stdout, stderr } = await node([script('dispose')]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(Number(stdout)).toBeGreaterThan(100);
});

describe('workers', () => {
  const start = (workerData: object): Worker => new Worker(script('worker'), { workerData });

  test('several load the package and train alike', async () => {
    const workers = [0, 1, 2, 3].map(() => start({}));
    const results = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
    await Promise.all(workers.map((worker) => worker.terminate()));
    for (const result of results) expect(result).toEqual(results[0]);
    expect(results[0].history.loss).toHaveLength(5);
  });

  test('one is terminated in the middle of a fit, the others go on', async () => {
    const endless = [start({ endless: true }), start({ endless: true })];
    await Promise.all(endless.map((worker) => once(worker, 'message')));
    const other = start({});
    const result = once(other, 'message');
    for (const worker of endless) expect(await worker.terminate()).toBe(1);
    expect((await result)[0].history.loss).toHaveLength(5);
    await other.terminate();
    const again = start({});
    expect((await once(again, 'message'))[0].history.loss).toHaveLength(5);
    await again.terminate();
  });
});
