/**
 * Recurrent layers on few rows, whose steps threads share, give the same bits as on many, which go through time by rows.
 */
import { input, layers, Model, type SymbolicTensor, setRandomSeed, type Tensor, tensor } from 'ridgeline';
import { expect, test } from 'vitest';

const [ROWS, TIME, FEATURES] = [24, 40, 8];
const value = (i: number): number => Math.sin(1 + i * i);
const x = tensor(
  Float32Array.from({ length: ROWS * TIME * FEATURES }, (_, i) => value(i)),
  {
    shape: [ROWS, TIME, FEATURES],
  },
);
/** The same, with steps that do not count: at the end, between others, or all. */
const padded = tensor(
  x.data.map((of, i) => {
    const [row, step] = [Math.floor(i / (TIME * FEATURES)), Math.floor(i / FEATURES) % TIME];
    return row === 2 || step >= TIME - row || (step + row) % 7 === 0 ? 0 : of;
  }),
  { shape: x.shape },
);

type Recurrent = (units: number, options: object) => (x: SymbolicTensor) => SymbolicTensor;
const KINDS = { lstm: layers.lstm, gru: layers.gru, simpleRnn: layers.simpleRnn } as unknown as Record<
  string,
  Recurrent
>;
const OPTIONS: readonly object[] = [
  {},
  { returnSequences: true },
  { returnSequences: true, goBackwards: true },
  { goBackwards: true, useBias: false, activation: 'relu' },
];
const cases = Object.keys(KINDS).flatMap((kind) => OPTIONS.map((options) => [kind, options] as const));

test.each(cases)('%s %j', async (kind, options) => {
  setRandomSeed(3);
  const last = 'returnSequences' in options;
  for (const units of [64, 96]) {
    const from = input([TIME, FEATURES]);
    const layer = KINDS[kind] as Recurrent;
    const outputs = [layer(units, options)(from), layer(units, options)(layers.masking()(from))];
    const model = new Model({ inputs: from, outputs });
    const all = (await model.predict(padded, { batchSize: ROWS, threads: 2 })) as Tensor[];
    for (const count of [1, 3, 8]) {
      for (const threads of [1, 2]) {
        const few = (await model.predict(padded.rows(0, count), { threads })) as Tensor[];
        few.forEach((of, i) => {
          expect(of.data).toEqual(all[i]!.rows(0, count).data);
          expect(of.rank).toBe(last ? 3 : 2);
        });
      }
    }
  }
});
