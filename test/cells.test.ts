/**
 * Cells: those of this package make what their layers make, those of one's own what they say, step by step.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  input,
  Layer,
  type LayerOptions,
  layers,
  loadModel,
  type Model,
  ops,
  Sequential,
  type Shape,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
  type Weight,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { expectSameInRuntime } from './support/onnx.js';
import { expectFailure, numbers } from './support/small.js';

/** `h = tanh(x·W + h₋·U)`, as a user writes it. */
class OwnCell extends Layer {
  static override readonly className: string = 'OwnCell';
  readonly stateSize: number;
  #kernel!: Weight;
  #recurrent!: Weight;

  constructor(config: LayerOptions & { units: number }) {
    const { units, ...common } = config;
    super(common);
    this.stateSize = units;
  }
  override build(shape: Shape): void {
    this.#kernel = this.addWeight('kernel', { shape: [shape.at(-1) ?? null, this.stateSize] });
    this.#recurrent = this.addWeight('recurrent_kernel', {
      shape: [this.stateSize, this.stateSize],
      initializer: 'orthogonal',
    });
  }
  override call(x: SymbolicTensor, [h]: readonly SymbolicTensor[]): SymbolicTensor[] {
    const sums = ops.add(ops.matmul(x, this.#kernel), ops.matmul(h as SymbolicTensor, this.#recurrent));
    const y = ops.tanh(sums) as SymbolicTensor;
    return [y, y];
  }
  override getConfig(): Record<string, unknown> {
    return { ...super.getConfig(), units: this.stateSize };
  }
}

/** The same as Keras' guides write it: states in a list, and what it begins with. */
class GuideCell extends OwnCell {
  static override readonly className: string = 'GuideCell';
  override call(x: SymbolicTensor, states: readonly SymbolicTensor[]): never {
    const [y] = super.call(x, states) as [SymbolicTensor];
    return [y, [y]] as never;
  }
  getInitialState(x: SymbolicTensor): SymbolicTensor[] {
    return [ops.onesLike(x, [null, this.stateSize])];
  }
}

const x = numbers(3, 20).reshape([3, 5, 4]);
const mask = tensor([
  [true, true, false, true, false],
  [false, true, true, true, true],
  [false, false, false, false, false],
]);
const shown = [
  {},
  { returnSequences: true },
  { goBackwards: true },
  { goBackwards: true, returnSequences: true, returnState: true },
];

function expectAlike(a: Layer, b: Layer, options: object): void {
  const call = (layer: Layer): Tensor[] => [layer.invoke([x, options])].flat() as Tensor[];
  call(a);
  call(b);
  b.setWeights(a.getWeights());
  const [ours, theirs] = [call(a), call(b)];
  expect(ours.map(({ shape }) => shape)).toEqual(theirs.map(({ shape }) => shape));
  for (const [i, { data }] of ours.entries())
    for (const [j, value] of data.entries()) expect(value).toBeCloseTo(theirs[i]?.data[j] as number, 6);
}

describe('rnn', () => {
  type Make = (units: number, options?: object) => Layer;
  const pairs: Record<string, readonly [cell: Make, layer: Make]> = {
    lstm: [layers.lstmCell, layers.lstm],
    gru: [layers.gruCell, layers.gru],
    simpleRnn: [layers.simpleRnnCell, layers.simpleRnn],
  };
  test.each(
    Object.entries(pairs).flatMap(([name, pair]) => shown.map((options) => ({ name, pair, options }))),
  )('$name $options of its cell is the layer', ({ pair: [cell, layer], options }) => {
    expectAlike(layers.rnn(cell(3), options), layer(3, options), {});
    expectAlike(layers.rnn(cell(3), options), layer(3, options), { mask });
  });
  test.each(shown)('a cell of one’s own, %o', (options) => {
    const plain = layers.simpleRnn(3, { ...options, useBias: false });
    expectAlike(layers.rnn(new OwnCell({ units: 3 }), options), plain, {});
    const other = layers.simpleRnn(3, { ...options, useBias: false });
    expectAlike(layers.rnn(new OwnCell({ units: 3 }), options), other, { mask });
  });
  test('several cells are layers on top of each other', () => {
    const cells = layers.stackedRnnCells([layers.lstmCell(3), new OwnCell({ units: 2 }), layers.gruCell(4)]);
    const stacked = layers.rnn(cells, { returnState: true });
    const apart = [
      layers.lstm(3, { returnSequences: true }),
      layers.simpleRnn(2, { returnSequences: true, useBias: false }),
      layers.gru(4),
    ];
    const through = (): Tensor => apart.reduce<Tensor>((h, layer) => layer.invoke([h]) as Tensor, x);
    const [y, ...states] = stacked.invoke([x]) as Tensor[];
    through();
    let at = 0;
    const weights = stacked.getWeights();
    for (const layer of apart) {
      const count = layer.weights.length;
      layer.setWeights(weights.slice(at, at + count));
      at += count;
    }
    expect(states.map(({ shape }) => shape)).toEqual([[3, 3], [3, 3], [3, 2], [3, 4]]); // biome-ignore format: shapes
    for (const [i, value] of through().data.entries()) expect(y?.data[i]).toBeCloseTo(value, 6);
  });
  test('states to begin with', () => {
    const state = numbers(3, 3);
    const a = layers.rnn(new OwnCell({ units: 3 }));
    expectAlike(a, layers.simpleRnn(3, { useBias: false }), { initialState: state });
    expect(a(x).data).not.toEqual((a.invoke([x, { initialState: state }]) as Tensor).data);
  });
});

describe('both ways', () => {
  const modes = [{}, { returnSequences: true }, { returnSequences: true, returnState: true }];
  test.each(modes)('a layer of cells as the layer, %o', (options) => {
    const make = (layer: Layer): Layer => layers.bidirectional(layer);
    for (const given of [{}, { mask }]) {
      expectAlike(make(layers.rnn(layers.lstmCell(3), options)), make(layers.lstm(3, options)), given);
      const own = layers.rnn(new OwnCell({ units: 3 }), options);
      expectAlike(make(own), make(layers.simpleRnn(3, { ...options, useBias: false })), given);
    }
  });
  test('several cells', () => {
    const stacked = layers.rnn([layers.gruCell(3), layers.lstmCell(2)], { returnSequences: true });
    const both = layers.bidirectional(stacked, { mergeMode: null });
    const [forward, backward] = both.invoke([x]) as Tensor[];
    expect([forward?.shape, backward?.shape]).toEqual([[3, 5, 2], [3, 5, 2]]); // biome-ignore format: shapes
    const half = both.getWeights().length / 2;
    stacked(x);
    stacked.setWeights(both.getWeights().slice(0, half));
    expect((stacked(x) as Tensor).data).toEqual(forward?.data);
    const turned = layers.rnn([layers.gruCell(3), layers.lstmCell(2)], {
      returnSequences: true,
      goBackwards: true,
    });
    turned(x);
    turned.setWeights(both.getWeights().slice(half));
    expect((ops.flip(turned(x) as Tensor, 1) as Tensor).data).toEqual(backward?.data);
  });
});

test('zeroOutputForMask gives 0 for the last step too, if that does not count', () => {
  for (const make of [(o: object) => layers.rnn(layers.lstmCell(3), o), (o: object) => layers.lstm(3, o)]) {
    for (const goBackwards of [false, true]) {
      const [plain, zero] = [make({ goBackwards }), make({ goBackwards, zeroOutputForMask: true })];
      const call = (layer: Layer): number[][] => (layer.invoke([x, { mask }]) as Tensor).toArray();
      call(plain);
      call(zero);
      zero.setWeights(plain.getWeights());
      const counts = mask.toArray<boolean[][]>().map((row) => row.at(goBackwards ? 0 : -1));
      const expected = call(plain).map((row, i) => row.map((value) => (counts[i] ? value : 0)));
      // Without the sign of zeros.
      expect(call(zero).map((row) => row.map((value) => value + 0))).toEqual(expected);
    }
  }
});

test('a cell by itself makes one step', () => {
  const cell = layers.lstmCell(2);
  const [h, c] = [numbers(3, 2), numbers(3, 2)];
  const outputs = cell.invoke([numbers(3, 4), [h, c]]) as Tensor[];
  expect(outputs.map(({ shape }) => shape)).toEqual([[3, 2], [3, 2], [3, 2]]); // biome-ignore format: shapes
  expect(outputs[0]?.data).toEqual(outputs[1]?.data);
});

test('trains, saves and exports', async () => {
  setRandomSeed(3);
  const model = new Sequential([
    input([null, 4]),
    layers.rnn([new OwnCell({ units: 6 }), layers.lstmCell(4, { dropout: 0.1, recurrentDropout: 0.1 })]),
    layers.dense(1),
  ]).compile({ optimizer: 'adam', loss: 'mse' });
  const data = numbers(64, 20).reshape([64, 5, 4]);
  const y = Float32Array.from({ length: 64 }, (_, i) => data.data[i * 20] as number);
  const { history } = await model.fit(data, y, { epochs: 120, verbose: 0 });
  expect(history.loss.at(-1)).toBeLessThan((history.loss[0] as number) / 2);
  const file = join(mkdtempSync(join(tmpdir(), 'ridgeline-cells-')), 'model');
  await model.save(file);
  const loaded = await loadModel(file, { layers: [OwnCell] });
  expect((await loaded.predict(data)).data).toEqual((await model.predict(data)).data);
  await expectSameInRuntime(model as Model, { batches: [1, 7], sizes: [5] });
  await expectSameInRuntime(model as Model, { batches: [2], sizes: [9] });
});

test('bad input', async () => {
  await expectFailure(() => layers.rnn(layers.dense(2)), 'ERR_ARGUMENT', /a layer with a 'stateSize'/);
  await expectFailure(() => layers.rnn(layers.lstm(2)), 'ERR_ARGUMENT', /a cell such as lstmCell.*'lstm/);
  const backwards = layers.lstm(2, { goBackwards: true });
  await expectFailure(() => layers.bidirectional(backwards), 'ERR_ARGUMENT', /whose goBackwards is false/);
  const others: [object, RegExp][] = [
    [{}, /whose goBackwards is true, beside its layer, received false/],
    [{ goBackwards: true, returnSequences: true }, /whose returnSequences is false/],
    [{ goBackwards: true, stateful: true }, /whose stateful is false/],
  ];
  for (const [options, says] of others) {
    const backwardLayer = layers.lstm(2, options);
    await expectFailure(() => layers.bidirectional(layers.lstm(2), { backwardLayer }), 'ERR_ARGUMENT', says);
  }
  await expectFailure(() => layers.rnn([]), 'ERR_ARGUMENT', /at least one/);
  class Wrong extends OwnCell {
    override call(x: SymbolicTensor): SymbolicTensor[] {
      return [x];
    }
  }
  await expectFailure(
    () => layers.rnn(new Wrong({ units: 2 }))(x),
    'ERR_ARGUMENT',
    /its output and 1 states/,
  );
  class Nested extends OwnCell {
    override call(x: SymbolicTensor, states: SymbolicTensor[]): SymbolicTensor[] {
      return [x, [states]] as never;
    }
  }
  await expectFailure(
    () => layers.rnn(new Nested({ units: 2 }))(x),
    'ERR_ARGUMENT',
    /in one list, those of a cell \[output, \.\.\.states\]/,
  );
});

test('a cell as Keras’ guides have it: its states in a list, and a state to begin with', async () => {
  const [own, guide] = [layers.rnn(new OwnCell({ units: 3 })), layers.rnn(new GuideCell({ units: 3 }))];
  own(x);
  guide(x);
  guide.setWeights(own.getWeights());
  const ones = ops.ones([3, 3]);
  expect(guide(x)).toEqual(own(x, { initialState: ones }));
  // A state that is given comes before it.
  expect(guide(x, { initialState: ops.zeros([3, 3]) })).toEqual(own(x));
  const model = new Sequential([input([null, 4]), guide, layers.dense(1)]);
  await expectSameInRuntime(model as Model);
  class Wrong extends GuideCell {
    override getInitialState(): SymbolicTensor[] {
      return [];
    }
  }
  await expectFailure(
    () => layers.rnn(new Wrong({ units: 3 }))(input([5, 4])),
    'ERR_ARGUMENT',
    /what getInitialState\(\) gives must be 1 tensors/,
  );
});

test('a layer of several outputs says the mask of each', () => {
  class Halves extends Layer {
    static override readonly className = 'Halves';
    override call(of: SymbolicTensor): SymbolicTensor[] {
      return [ops.slice(of, { end: 2, axis: 1 }), ops.slice(of, { start: 2, axis: 1 })];
    }
    override computeMask([of]: readonly SymbolicTensor[]): SymbolicTensor[] {
      const counts = of?.mask as SymbolicTensor;
      return [ops.slice(counts, { end: 2, axis: 1 }), ops.slice(counts, { start: 2, axis: 1 })];
    }
  }
  const words = layers.embedding(9, 2, { maskZero: true })(tensor([[1, 0, 2, 0, 3]], { dtype: 'int32' }));
  const [first, rest] = new Halves()(words) as [Tensor, Tensor];
  const mean = layers.globalAveragePooling1d();
  const rows = (of: Tensor, steps: number[]): number[] =>
    [0, 1].map((j) => steps.reduce((sum, t) => sum + of.data[2 * t + j]!, 0) / steps.length);
  for (const [of, steps] of [
    [first, [0]],
    [rest, [0, 2]],
  ] as const)
    expect(Array.from(mean(of).data)).toEqual(rows(of, [...steps]).map((value) => expect.closeTo(value, 5)));
});
