/**
 * The README: its example runs as it stands, and its tables name what there is.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ErrorCode, readOnnxMetadata } from 'ridgeline';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
const home = process.cwd();
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ridgeline-readme-'));
  process.chdir(folder);
});
afterEach(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

test('the example trains well and exports', async () => {
  const [, example] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  await writeFile('example.ts', example!);
  const log = vi.spyOn(console, 'log').mockReturnValue();
  await import(/* @vite-ignore */ join(folder, 'example.ts'));
  const [, accuracy] = /^accuracy on unseen points: ([\d.]+)$/.exec(log.mock.calls[0]?.[0]) ?? [];
  log.mockRestore();
  expect(Number(accuracy)).toBeGreaterThan(0.9);
  const { ops } = readOnnxMetadata(await readFile('model.onnx'));
  expect(ops).toEqual(['Gemm', 'BatchNormalization', 'Relu', 'Gemm', 'Softmax']);
});

test('the table of errors is complete', () => {
  const codes: Record<ErrorCode, true> = {
    ERR_ARGUMENT: true,
    ERR_SHAPE: true,
    ERR_DTYPE: true,
    ERR_NON_FINITE: true,
    ERR_NOT_COMPILED: true,
    ERR_BUSY: true,
    ERR_DISPOSED: true,
    ERR_EXPORT: true,
    ERR_IO: true,
    ERR_MEMORY: true,
    ERR_NATIVE: true,
  };
  const rows = [...readme.matchAll(/^\| `(ERR_\w+)` \|/gm)].map(([, code]) => code);
  expect(rows).toEqual(Object.keys(codes));
});
