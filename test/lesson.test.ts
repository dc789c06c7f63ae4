/**
 * The lesson's code: every file trains, and what it predicts is what ONNX Runtime computes. The page in docs/ shows the
 * files as they are.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type Sequential, type SymbolicTensor, setRandomSeed, type Tensor, tensor } from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { trainUntilItStops } from '../examples/lesson/early-stopping.js';
import { buildRegularizedModel } from '../examples/lesson/regularized-model.js';
import { inInference, inTraining } from '../examples/lesson/training-flag.js';
import { expectSameInRuntime } from './support/onnx.js';
import { numbers } from './support/small.js';

const folder = new URL('../examples/lesson/', import.meta.url);
const files = readdirSync(folder);
const page = readFileSync(new URL('../docs/from-keras.md', import.meta.url), 'utf8');

test.each(files)('the page shows %s as it is', (file) => {
  const text = readFileSync(new URL(file, folder), 'utf8').trimEnd();
  expect(page).toContain(`\`examples/lesson/${file}\`\n\n\`\`\`ts\n${text}\n\`\`\``);
});

describe.each(
  files.filter((file) => /export (const|function) build\b/.test(readFileSync(new URL(file, folder), 'utf8'))),
)('%s', (file) => {
  test('trains, and is exported', async () => {
    const { build } = (await import(new URL(file, folder).href)) as { build: () => Sequential };
    setRandomSeed(1);
    const model = build();
    model.compile({ optimizer: 'adam', loss: 'sparseCategoricalCrossentropy' });
    const [of] = model.inputs as [SymbolicTensor];
    const shape = [64, ...(of.shape.slice(1) as number[])];
    const width = shape.slice(1).reduce((a, b) => a * b);
    const drawn = numbers(64, width);
    const x =
      of.dtype === 'int32'
        ? tensor(
            Int32Array.from(drawn.data, (v) => Math.abs(v * 9)),
            { shape },
          )
        : drawn.reshape(shape);
    const y = Int32Array.from({ length: 64 }, (_, i) => i % 10);
    const { history } = await model.fit(x, y, { epochs: 3, verbose: 0 });
    expect(history.loss[2]).toBeLessThan(history.loss[0]!);
    await expectSameInRuntime(model);
  });
});

test('the regularized model, until it stops', async () => {
  const model = buildRegularizedModel(64, 10);
  const [x, y] = [numbers(100, 64), Int32Array.from({ length: 100 }, (_, i) => (i * 7) % 10)];
  const { epoch } = await trainUntilItStops(model, x, y);
  expect(epoch.length).toBeGreaterThan(10);
  expect(epoch.length).toBeLessThanOrEqual(100);
  // Small rows: the weights are random, and so wide a net gives logits whose rounding alone is more than the tolerance.
  await expectSameInRuntime(model, { domain: Math.sin });
});

test('the training flag', () => {
  const zeros = (t: Tensor): number => [...t.data].filter((value) => value === 0).length;
  expect(inInference().toArray()).toEqual([[1, 2, 3, 4, 5]]);
  const dropped = [...inTraining().data];
  expect(dropped.map((value, i) => value === 0 || value === 2 * (i + 1))).toEqual(Array(5).fill(true));
  const many = Array.from({ length: 200 }, () => zeros(inTraining())).reduce((a, b) => a + b) / 1000;
  expect(Math.abs(many - 0.5)).toBeLessThan(0.1);
});
