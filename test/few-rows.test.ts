/**
 * Recurrent layers on few rows, whose steps threads share, give the same bits as on many, which go through time by rows.
 */
import {
  input,
  Layer,
  layers,
  Model,
  ops,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
  type Weight,
} from 'ridgeline';
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
  // Threads share steps of 3 rows of 64 units, or of one of 192.
  for (const units of [64, 96, 192]) {
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

/** A simple recurrent cell whose state decays by itself. */
class Leaky extends Layer {
  static override readonly className = 'Leaky';
  readonly stateSize = 32;
  #kernel!: Weight;
  #recurrent!: Weight;
  override build(shape: Shape): void {
    this.#kernel = this.addWeight('kernel', { shape: [shape.at(-1) as number, this.stateSize] });
    this.#recurrent = this.addWeight('recurrent', { shape: [this.stateSize, this.stateSize] });
  }
  override call(x: SymbolicTensor, [h]: SymbolicTensor[]): SymbolicTensor[] {
    const sums = ops.add(ops.matmul(x, this.#kernel), ops.matmul(h as SymbolicTensor, this.#recurrent));
    const next = ops.add(ops.mul(h as SymbolicTensor, 0.5), ops.tanh(sums)) as SymbolicTensor;
    return [next, next];
  }
}

test('a cell of one’s own, whose rows go through all turns where they are many', async () => {
  setRandomSeed(3);
  const many = tensor(
    Float32Array.from({ length: 70 * TIME * FEATURES }, (_, i) => value(i)),
    { shape: [70, TIME, FEATURES] },
  );
  const layer = layers.rnn(new Leaky({}) as never, { returnSequences: true }) as unknown as Layer;
  const model = new Sequential([input([TIME, FEATURES]), layer]);
  const all = (await model.predict(many, { batchSize: 70, threads: 2 })) as Tensor;
  for (const batchSize of [1, 5, 33])
    expect(((await model.predict(many, { batchSize, threads: 2 })) as Tensor).data).toEqual(all.data);
  // Both ways of going back are the same too.
  const trained = async (threads: number): Promise<unknown> => {
    setRandomSeed(4);
    const net = new Sequential([
      input([TIME, FEATURES]),
      layers.rnn(new Leaky({}) as never) as unknown as Layer,
      layers.dense(1),
    ]).compile({ optimizer: 'sgd', loss: 'mse' });
    await net.fit(many, tensor(new Float32Array(70).fill(0.5), { shape: [70, 1] }), {
      ...{ batchSize: 40, epochs: 2, verbose: 0, threads },
    });
    return net.getWeights().map((of) => of.data);
  };
  expect(await trained(2)).toEqual(await trained(1));
});
