/**
 * Logits where a cross-entropy takes probabilities: said once for a program that trains, and only where it is so.
 */
import { layers, losses, Sequential, setRandomSeed } from 'ridgeline';
import { expect, test, vi } from 'vitest';

const rows = [
  [1, 2],
  [3, 4],
];
const LABELS = { sparse: [0, 2], binary: [[0], [1]] };

test.each([
  ['sparseCategoricalCrossentropy', 'linear', 1],
  ['sparseCategoricalCrossentropy', 'softmax', 0],
  [losses.sparseCategoricalCrossentropy({ fromLogits: true }), 'linear', 0],
  ['binaryCrossentropy', 'linear', 1],
  ['binaryCrossentropy', 'sigmoid', 0],
  ['mse', 'linear', 0],
] as const)('%o behind %s: %i', async (loss, activation, times) => {
  setRandomSeed(1);
  const isSparse = loss !== 'binaryCrossentropy' && loss !== 'mse';
  const model = new Sequential([layers.input([2]), layers.dense(isSparse ? 3 : 1, { activation })]);
  model.compile({ loss });
  const labels = isSparse ? LABELS.sparse : LABELS.binary;
  const warn = vi.spyOn(console, 'warn').mockReturnValue();
  await model.fit(rows, labels, { epochs: 2 });
  await model.evaluate(rows, labels);
  const said = warn.mock.calls.map(([text]) => text as string);
  warn.mockRestore();
  expect(said.filter((text) => /takes probabilities.*fromLogits: true/.test(text))).toHaveLength(times);
});
