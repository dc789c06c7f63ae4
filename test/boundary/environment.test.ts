/**
 * The environment of a process may change while native threads work. It runs `dist/`.
 */
import { beforeAll, expect, test } from 'vitest';
import { node, script } from '../support/child.js';
import { checkBuilt } from '../support/dist.js';
import { long } from '../support/long.js';

beforeAll(() => checkBuilt());

test('predictions and training while variables are set and deleted', { timeout: 60_000 }, async () => {
  const { status, stdout, stderr } = await node([script('environment'), long ? '30000' : '2000']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const { calls, changes } = JSON.parse(stdout);
  expect(calls).toBeGreaterThan(1000);
  expect(changes).toBeGreaterThan(10_000);
});
