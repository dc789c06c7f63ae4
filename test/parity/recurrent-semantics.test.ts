/**
 * Recurrent layers by Keras' rules, against the same steps in plain numbers: gates, dropout, masks, order, states, penalties.
 */
import {
  input,
  layers,
  ops,
  regularizers,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test, vi } from 'vitest';
import { Trace } from '../../src/core/trace.js';
import { generator, namesIn, runtimeOutputs } from '../support/onnx.js';
import { expectFailure } from '../support/small.js';

type Row = number[];
type Step = (x: Row, states: readonly Row[]) => Row[];
type Weights<B = Row> = readonly [kernel: Row[], recurrent: Row[], bias: B];
type Steps = (weights: Weights<never>) => Step;
type Options = layers.LSTMOptions & layers.GRUOptions;

const [B, T, F, U] = [2, 4, 3, 2];
const drawn = (shape: readonly number[], seed: number): Tensor => {
  const next = generator(seed);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1);
  return tensor(data, { shape });
};
const x = drawn([B, T, F], 1);
const sequences = x.toArray<Row[][]>();
const flags = [[true, false, true, false], [false, false, true, true]]; // biome-ignore format: a matrix
const mask = tensor(flags);

const times = (row: Row, matrix: readonly Row[]): Row =>
  matrix[0]!.map((_, j) => row.reduce((sum, value, i) => sum + value * matrix[i]![j]!, 0));
const plus = (...rows: Row[]): Row => rows[0]!.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));
const by = (a: Row, b: Row): Row => a.map((value, i) => value * b[i]!);
const sigmoid = (row: Row): Row => row.map((value) => 1 / (1 + Math.exp(-value)));
const tanh = (row: Row): Row => row.map(Math.tanh);
/** The columns of each gate. */
const gatesOf = (row: Row): [Row, Row, Row, Row] =>
  [0, 1, 2, 3].map((gate) => row.slice(gate * U, gate * U + U)) as [Row, Row, Row, Row];
const arrays = ({ weights }: layers.Layer, from = 0): Weights<never> =>
  weights.slice(from).flatMap((of) => (of.isCarried ? [] : [of.read().toArray()])) as never;

/** The steps of each layer as Keras takes them. */
const STEPS = {
  lstm: ([kernel, recurrent, bias]: Weights): Step => {
    return (now, [h, c]) => {
      const [i, f, g, o] = gatesOf(plus(times(now, kernel), times(h!, recurrent), bias));
      const next = plus(by(sigmoid(f), c!), by(sigmoid(i), tanh(g)));
      return [by(sigmoid(o), tanh(next)), next];
    };
  },
  gru: ([kernel, recurrent, biases]: Weights<Row | Row[]>): Step => {
    const isAfter = Array.isArray(biases[0]);
    const [ofInput, ofState] = (isAfter ? biases : [biases, recurrent[0]!.map(() => 0)]) as [Row, Row];
    const candidates = recurrent.map((row) => row.slice(2 * U));
    return (now, [h]) => {
      const [xz, xr, xh] = gatesOf(plus(times(now, kernel), ofInput));
      const [hz, hr, hh] = gatesOf(plus(times(h!, recurrent), ofState));
      const [z, r] = [sigmoid(plus(xz, hz)), sigmoid(plus(xr, hr))];
      const candidate = tanh(plus(xh, isAfter ? by(r, hh) : times(by(r, h!), candidates)));
      return [h!.map((value, i) => z[i]! * value + (1 - z[i]!) * candidate[i]!)];
    };
  },
  simpleRnn: ([kernel, recurrent, bias]: Weights): Step => {
    return (now, [h]) => [tanh(plus(times(now, kernel), times(h!, recurrent), bias))];
  },
};

/** States after each step of a sequence; a step that does not count keeps them. */
function walk(step: Step, xs: readonly Row[], first: readonly Row[], counts?: readonly boolean[]): Row[][] {
  let states = [...first];
  return xs.map((now, t) => {
    if (counts?.[t] !== false) states = step(now, states);
    return states;
  });
}

/** A layer with weights that have no symmetry. */
function filled<L extends layers.Layer>(layer: L): L {
  layer.invoke([x]);
  layer.setWeights(layer.weights.map(({ shape }, i) => drawn(shape, i + 10)));
  return layer;
}
const call = (layer: layers.Layer, of: Tensor, options: object = {}): Tensor[] =>
  [layer.invoke([of, options])].flat() as Tensor[];
const back = <T>(rows: T[][]): T[][] => rows.map((row) => row.toReversed());
const zeros = (states: number): Row[] => Array.from({ length: states }, () => Array(U).fill(0));
const outputs = (of: Row[][][]): Tensor => tensor(of.map((row) => row.map(([h]) => h!)));

const KINDS: [name: string, make: (options?: Options) => layers.Layer, step: Steps, states: number][] = [
  ['lstm', (of) => layers.lstm(U, of), STEPS.lstm, 2],
  ['gru', (of) => layers.gru(U, of), STEPS.gru, 1],
  ['gru that resets before', (of) => layers.gru(U, { ...of, resetAfter: false }), STEPS.gru, 1],
  ['simpleRnn', (of) => layers.simpleRnn(U, of), STEPS.simpleRnn, 1],
  ['rnn of an lstmCell', (of) => layers.rnn(layers.lstmCell(U), of), STEPS.lstm, 2],
  ['lstm of ops', (of) => layers.lstm(U, { ...of, activation: (z) => ops.tanh(z) }), STEPS.lstm, 2],
];

test('an LSTM has one bias, that of the second gate begins with ones unless unitForgetBias is false', () => {
  const [layer, other] = [layers.lstm(U), layers.lstm(U, { unitForgetBias: false })];
  for (const of of [layer, other]) of.build([B, T, F]);
  expect(layer.weights.map(({ shape }) => shape)).toEqual([[F, 4 * U], [U, 4 * U], [4 * U]]); // biome-ignore format: shapes
  expect(arrays(layer)[2]).toEqual([0, 0, 1, 1, 0, 0, 0, 0]);
  expect(arrays(other)[2]).toEqual(Array(4 * U).fill(0));
});
test('a GRU has biases of input and state by default, one with resetAfter false', () => {
  const shapes = (layer: layers.Layer) => filled(layer).weights.map(({ shape }) => shape);
  expect(shapes(layers.gru(U))).toEqual([[F, 3 * U], [U, 3 * U], [2, 3 * U]]); // biome-ignore format: shapes
  expect(shapes(layers.gru(U, { resetAfter: false }))[2]).toEqual([3 * U]);
});

describe.each(KINDS)('%s', (_, make, step, states) => {
  const first = Array.from({ length: states }, (_, i) => drawn([B, U], 30 + i));
  const [whole, masked] = [{ initialState: first }, { initialState: first, mask }];
  const begin = (row: number): Row[] => first.map((state) => state.toArray<Row[]>()[row]!);
  const walked = (layer: layers.Layer, counts: boolean[][] = [], of = sequences): Row[][][] =>
    of.map((xs, b) => walk(step(arrays(layer)), xs, begin(b), counts[b]));
  test('its gates are those of Keras, in the same order along the kernels', () => {
    const layer = filled(make({ returnSequences: true }));
    expect(call(layer, x, whole)[0]).toBeAllclose(outputs(walked(layer)));
  });
  test('a masked step keeps the states and repeats the output, at first the state that was given', () => {
    const layer = filled(make({ returnSequences: true, returnState: true }));
    const [all, ...last] = call(layer, x, masked);
    const of = walked(layer, flags);
    expect(all).toBeAllclose(outputs(of));
    for (const [i, state] of last.entries())
      expect(state).toBeAllclose(tensor(of.map((row) => row.at(-1)![i]!)));
  });
  test.each([false, true])('zeroOutputForMask gives 0 for masked steps, goBackwards %s', (goBackwards) => {
    const shown = { returnSequences: true, returnState: true, zeroOutputForMask: true, goBackwards };
    const layer = filled(make(shown));
    const [all, h] = call(layer, x, masked);
    const [counts, xs] = goBackwards ? [back(flags), back(sequences)] : [flags, sequences];
    const of = walked(layer, counts, xs);
    expect(all).toBeAllclose(tensor(of.map((row, b) => row.map(([v], t) => (counts[b]![t] ? v! : [0, 0])))));
    expect(h).toBeAllclose(tensor(of.map((row) => row.at(-1)![0]!)));
  });
  test('goBackwards gives outputs in the order in which they were made', () => {
    const layer = filled(make({ returnSequences: true, goBackwards: true }));
    expect(call(layer, x, whole)[0]).toBeAllclose(outputs(walked(layer, [], back(sequences))));
    expect(call(layer, x, masked)[0]).toBeAllclose(outputs(walked(layer, back(flags), back(sequences))));
  });
  test('returnState gives the output, then the states, h first', () => {
    const layer = filled(make({ returnState: true }));
    const all = call(layer, x, whole);
    const ends = walked(layer).map((row) => row.at(-1)!);
    expect(all).toHaveLength(1 + states);
    for (const [i, of] of all.entries())
      expect(of).toBeAllclose(tensor(ends.map((row) => row[Math.max(0, i - 1)]!)));
  });
  test('stateful begins where the batch before ended, and needs to know the batch size', async () => {
    const layer = make({ stateful: true });
    const model = new Sequential([input([T, F], { batchSize: B }), layer]);
    const of = (xs: Row[]) => walk(step(arrays(layer)), xs, zeros(states)).at(-1)![0]!;
    const once = tensor(sequences.map(of));
    expect(model.predictSync(x)).toBeAllclose(once);
    expect(model.predictSync(x)).toBeAllclose(tensor(sequences.map((xs) => of([...xs, ...xs]))));
    model.resetState();
    expect(model.predictSync(x)).toBeAllclose(once);
    const unknown = () => new Sequential([input([T, F]), make({ stateful: true })]);
    await expectFailure(unknown, 'ERR_SHAPE', /stateful.*batchSize/);
  });
});

describe('bidirectional', () => {
  /** The features of both ways, where their inputs stand. */
  const both = (of: layers.Layer, counts: boolean[][] = []): Row[][] =>
    sequences.map((xs, b) => {
      const [forward, backward] = [STEPS.lstm(arrays(of)), STEPS.lstm(arrays(of, 3))];
      const there = walk(forward, xs, zeros(2), counts[b]);
      const other = walk(backward, xs.toReversed(), zeros(2), counts[b]?.toReversed()).toReversed();
      return there.map(([h], t) => [...h!, ...other[t]![0]!]);
    });
  test('gives the forward features, then the backward ones, where their inputs stand', () => {
    const of = filled(layers.bidirectional(layers.lstm(U, { returnSequences: true })));
    expect(call(of, x)[0]).toBeAllclose(tensor(both(of)));
  });
  test('stands in the order in which its layer goes, where that goes backwards', () => {
    const backwardLayer = layers.lstm(U, { returnSequences: true });
    const layer = layers.lstm(U, { returnSequences: true, goBackwards: true });
    const of = filled(layers.bidirectional(layer, { backwardLayer }));
    const [there, back] = [STEPS.lstm(arrays(of)), STEPS.lstm(arrays(of, 3))];
    // As Keras 3.15 has it: the forward outputs of a layer that goes backwards, and those of the other turned round.
    const shown = sequences.map((xs) => {
      const first = walk(there, xs.toReversed(), zeros(2));
      const second = walk(back, xs, zeros(2)).toReversed();
      return first.map(([h], t) => [...h!, ...second[t]![0]!]);
    });
    expect(call(of, x)[0]).toBeAllclose(tensor(shown));
  });
  test('gives 0 for masked steps', () => {
    const of = filled(layers.bidirectional(layers.lstm(U, { returnSequences: true })));
    const shown = both(of, flags).map((row, b) => row.map((h, t) => h.map((v) => (flags[b]![t] ? v : 0))));
    expect(call(of, x, { mask })[0]).toBeAllclose(tensor(shown));
  });
});

const nothing = (_: SymbolicTensor, y: SymbolicTensor): SymbolicTensor => ops.mean(ops.mul(y, 0));
test.each([0, 1, 2, 3])('each regularizer adds the penalty of its own place alone: %s', async (at) => {
  const slot = ['kernelRegularizer', 'recurrentRegularizer', 'biasRegularizer', 'activityRegularizer'][at]!;
  const layer = layers.lstm(U, { returnSequences: true, [slot]: regularizers.l2(0.3) });
  const model = new Sequential([input([T, F]), layer]);
  filled(layer);
  model.compile({ optimizer: 'sgd', loss: nothing });
  const { data } = [...layer.getWeights(), model.predictSync(x) as Tensor][at]!;
  const sum = Array.from(data).reduce((all, value) => all + value ** 2, 0);
  const wanted = (0.3 * sum) / (at === 3 ? B : 1); // Activities are penalized for each sample.
  expect([(await model.evaluate(x, new Float32Array(B))).loss]).toBeAllclose([wanted]);
});

test.each(KINDS.slice(0, 3))('ONNX Runtime runs an exported %s alike', async (_, make, step, states) => {
  const layer = make({ returnSequences: true });
  const model = new Sequential([input([T, F]), layer]);
  filled(layer);
  const bytes = await model.export();
  expect(namesIn(bytes).nodes.some((node) => /\/(LSTM|GRU)$/.test(node))).toBe(true);
  const [found] = Object.values(await runtimeOutputs(bytes, { [model.inputNames[0]!]: x }, 'all'));
  const { data } = outputs(sequences.map((xs) => walk(step(arrays(layer)), xs, zeros(states))));
  expect(found!.data as Float32Array).toBeAllclose(data, { absolute: 1e-5, relative: 1e-4 });
});

/** Rows and features, and what is kept is multiplied by: all sums are exact. */
const [ROWS, N, RATE, KEPT] = [64, 16, 0.75, 4];
const ones = (...shape: number[]): Tensor =>
  tensor(new Float32Array(shape.reduce((a, b) => a * b)).fill(1), { shape });
const PATHS = [['in one op', 'linear'], ['of ops', (z: SymbolicTensor) => ops.mul(z, 1)]] as const; // biome-ignore format: short
const CASES = PATHS.flatMap(([path, activation]) => [
  { of: `lstm ${path}`, activation, gates: 4, carry: 1, make: (of: Options) => layers.lstm(4, of) },
  { of: `gru ${path}`, activation, gates: 3, carry: 0, make: (of: Options) => layers.gru(3, of) },
]);

describe.each(CASES)('dropout of $of', ({ activation, gates, carry, make }) => {
  /** Biases that, with states of 1, let unit k show gate k: the others are 0 or 1 there. A GRU resets a bias of 1. */
  const bias = gates === 4 ? [0, 0, 1, 1, 0, 0, 0, 0, 1, 0, 0, 1, 1, 1, 1, 0] : [[0, 0, 0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0, 1, 0]]; // biome-ignore format: a row each
  const bits = (rows: number, isShown: boolean): Tensor => {
    const value = (n: number) => (_: unknown, j: number) => (isShown && j % (gates + 1) === 0 ? 2 ** n : 0);
    return tensor(Array.from({ length: rows }, (_, n) => Array.from({ length: gates ** 2 }, value(n))));
  };
  /** What is left of inputs, or of states, of 1, as bits of a number for each gate and row: the same in all steps. */
  function left(at: 'inputs' | 'state', options: Options): Row[] {
    const layer = make({ activation, recurrentActivation: activation, returnSequences: true, ...options });
    layer.build([null, null, N]);
    layer.setWeights([bits(N, at === 'inputs'), bits(gates, at === 'state'), tensor(bias)]);
    const initialState = Array.from({ length: gates === 4 ? 2 : 1 }, () => ones(ROWS, gates));
    const given = ones(ROWS, at === 'inputs' ? T : 1, N);
    const rows = call(layer, given, { training: true, initialState })[0]!.toArray<Row[][]>();
    // The gate that makes the state go on shows it in the first step alone.
    const others = (now: Row): Row => now.filter((_, k) => k !== carry);
    for (const row of rows) expect(row.map(others)).toEqual(row.map(() => others(row[0]!)));
    return Array.from({ length: gates }, (_, k) => rows.map((row) => row[0]![k]! / KEPT));
  }
  const areDrawn = (of: Row[], width = N): boolean =>
    of.every((rows) => new Set(rows).size > 3 && rows.every((n) => Number.isInteger(n) && n < 2 ** width));

  test('alone is one mask of inputs for all gates and steps, for one batch', () => {
    const found = left('inputs', { dropout: RATE });
    expect(areDrawn(found)).toBe(true);
    expect(found).toEqual(found.map(() => found[0]));
    expect(left('inputs', { dropout: RATE })).not.toEqual(found);
  });
  test('with recurrentDropout is a mask of inputs for each gate, for all steps', () => {
    const found = left('inputs', { dropout: RATE, recurrentDropout: 0.5 });
    expect(areDrawn(found)).toBe(true);
    expect(new Set(found.map(String)).size).toBe(gates);
  });
  test('of the state is a mask for each gate, before its product, and leaves inputs whole', () => {
    const found = left('state', { recurrentDropout: RATE });
    expect(areDrawn(found, gates)).toBe(true);
    expect(new Set(found.map(String)).size).toBe(gates);
    const whole = (2 ** N - 1) / KEPT;
    expect(new Set(left('inputs', { recurrentDropout: RATE }).flat())).toEqual(new Set([whole]));
  });
});

test.each(PATHS)('dropout of a simpleRnn %s is one mask for all steps', (_, activation) => {
  for (const name of ['dropout', 'recurrentDropout']) {
    const power = Number(name === 'recurrentDropout');
    const [kernelInitializer, recurrentInitializer] = power ? ['zeros', 'identity'] : ['identity', 'zeros'];
    const of = { activation, kernelInitializer, recurrentInitializer, [name]: RATE } as Options;
    const options = { training: true, initialState: ones(ROWS, N) };
    const [all] = call(layers.simpleRnn(N, { ...of, returnSequences: true }), ones(ROWS, T, N), options);
    const rows = all!.toArray<Row[][]>();
    expect(new Set(rows.flatMap(([row]) => row))).toEqual(new Set([0, KEPT]));
    expect(new Set(rows.map(([row]) => String(row))).size).toBeGreaterThan(ROWS / 2);
    for (const row of rows)
      expect(row).toEqual(row.map((_, t) => row[0]!.map((value) => value ** (1 + t * power))));
  }
});

test('recurrent dropout is inside the one native op', () => {
  const emit = vi.spyOn(Trace.prototype, 'emit');
  call(layers.lstm(U, { dropout: 0.5, recurrentDropout: 0.5 }), x, { training: true });
  const emitted = emit.mock.calls.map(([op]) => op);
  emit.mockRestore();
  expect(emitted.filter((op) => ['lstm', 'matmul', 'scan'].includes(op))).toEqual(['lstm']);
});

test.each(['dropout', 'recurrentDropout'])('%s outside [0, 1) throws', async (name) => {
  for (const rate of [-0.1, 1, 1.5, Number.NaN])
    for (const [, make] of KINDS.slice(0, 4))
      await expectFailure(
        () => make({ [name]: rate }),
        'ERR_ARGUMENT',
        /^(d|recurrentD)ropout .*in \[0, 1\)/,
      );
});
