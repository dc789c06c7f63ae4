/**
 * Masks by Keras' rules, as numbers show them: where they come from, which layers carry them on, and what they change.
 */
import {
  input,
  Layer,
  layers,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test, vi } from 'vitest';
import { Trace } from '../../src/core/trace.js';
import '../support/allclose.js';

type Row = number[];
const [B, T, F] = [2, 3, 4];
const flags = [[true, false, true], [false, true, true]]; // biome-ignore format: a matrix
const others = [[false, false, true], [false, true, false]]; // biome-ignore format: a matrix
/** Rows `[B, T, F]` without symmetry, and zeros where they do not count. */
const rowsOf = (counts: boolean[][], seed = 0): Row[][] =>
  counts.map((row, b) =>
    row.map((isIn, t) =>
      Array.from({ length: F }, (_, f) => (isIn ? Math.sin(1 + seed + 7 * b + 3 * t + f * f) : 0)),
    ),
  );
const masked = (counts: boolean[][], seed?: number): Tensor => layers.masking()(tensor(rowsOf(counts, seed)));
const x = masked(flags);
const whole = tensor(rowsOf(flags));

const mean = (of: Row): number => of.reduce((a, b) => a + b, 0) / of.length;
const columns = (rows: Row[]): Row[] => rows[0]!.map((_, f) => rows.map((row) => row[f]!));
/** The mean over the steps that count. */
const means = (of: Tensor, counts: boolean[][]): Tensor =>
  tensor(of.toArray<Row[][]>().map((rows, b) => columns(rows.filter((_, t) => counts[b]![t])).map(mean)));
const every = (of: Tensor): boolean[][] => Array(B).fill(Array(of.shape[1]!).fill(true));
/** What a layer gives, and as pooling sees it: a mean over the steps that count by the mask on it. */
function pooled(layer: Layer, of: unknown = x): [Tensor, Tensor] {
  const y = [layer.invoke([of])].flat()[0] as Tensor;
  return [layers.globalAveragePooling1d()(y), y];
}

describe('sources', () => {
  test('masking counts steps with some feature that is another value, and makes the rest 0', () => {
    const of = tensor([[[7, 7], [7, 1], [0, 0]]]); // biome-ignore format: short
    const [found, y] = pooled(layers.masking({ maskValue: 7 }), of);
    expect(y.toArray()).toEqual([[[0, 0], [7, 1], [0, 0]]]); // biome-ignore format: short
    expect(found.toArray()).toEqual([[3.5, 0.5]]);
  });
  test('an embedding with maskZero counts all but index 0, whose vector stays; without it, all', () => {
    const tokens = tensor(Int32Array.of(0, 1, 0, 2), { shape: [1, 4] });
    for (const maskZero of [true, false]) {
      const words = layers.embedding(3, 2, { maskZero });
      words(tokens);
      words.setWeights([tensor([[1, 2], [3, 4], [5, 7]])]); // biome-ignore format: vectors
      const [found, y] = pooled(words, tokens);
      expect(y.toArray()).toEqual([[[1, 2], [3, 4], [1, 2], [5, 7]]]); // biome-ignore format: short
      expect(found.toArray()).toEqual([maskZero ? [4, 5.5] : [2.5, 3.75]]);
    }
  });
});

describe('layers that carry a mask on', () => {
  test.each(
    [
      layers.activation('tanh'),
      layers.dropout(0.5),
      layers.gaussianDropout(0.5),
      layers.gaussianNoise(0.5),
      layers.alphaDropout(0.5),
      layers.spatialDropout1d(0.5),
      layers.activityRegularization({ l2: 0.1 }),
      layers.dense(3),
      layers.batchNormalization(),
      layers.layerNormalization(),
      layers.groupNormalization({ groups: 2 }),
      layers.unitNormalization(),
      layers.softmax(),
      layers.relu(),
      layers.leakyRelu(),
      layers.prelu(),
      layers.elu(),
      layers.identity(),
      layers.lstm(2, { returnSequences: true }),
      layers.bidirectional(layers.gru(2, { returnSequences: true })),
      layers.rnn(layers.lstmCell(2), { returnSequences: true }),
      layers.timeDistributed(layers.dense(2)),
    ].map((layer) => [layer.name, layer] as const),
  )('%s', (_, layer) => {
    const [found, y] = pooled(layer);
    expect(found).toBeAllclose(means(y, flags));
  });
  test.each(
    [
      layers.add(),
      layers.average(),
      layers.maximum(),
      layers.minimum(),
      layers.multiply(),
      layers.subtract(),
    ].map((layer) => [layer.name, layer] as const),
  )('%s, what counts in any input, and all if one has no mask', (_, layer) => {
    const [found, y] = pooled(layer, [masked(others, 5), masked([[true, false, false], [false, false, false]], 6)]); // biome-ignore format: short
    expect(found).toBeAllclose(means(y, [[true, false, true], [false, true, false]])); // biome-ignore format: short
    const [open, z] = pooled(layer, [x, whole]);
    expect(open).toBeAllclose(means(z, every(z)));
  });
  test('concatenate, joined along time as its inputs are, any of them along features; what has no mask counts', () => {
    const joined = (other: Tensor, axis?: number): [Tensor, Tensor] =>
      pooled(layers.concatenate({ axis }), [x, other]);
    const [found, y] = joined(masked(others, 5), 1);
    const both = flags.map((row, b) => [...row, ...others[b]!]);
    expect(found).toBeAllclose(means(y, both));
    const [half, z] = joined(whole, 1);
    const open = flags.map((row) => [...row, ...row.map(() => true)]);
    expect(half).toBeAllclose(means(z, open));
    const [any, w] = joined(masked(others, 5));
    expect(any).toBeAllclose(means(w, flags));
  });
  test('one of one’s own that says so, or says which', () => {
    class Twice extends Layer {
      static override readonly className: string = 'Twice';
      override call(of: SymbolicTensor): SymbolicTensor {
        return ops.mul(of, 2);
      }
    }
    class Carrying extends Twice {
      static override readonly supportsMasking = true;
    }
    class Inverting extends Twice {
      override computeMask([of]: readonly SymbolicTensor[]): SymbolicTensor | undefined {
        return of?.mask && ops.logicalNot(of.mask);
      }
    }
    const inverse = flags.map((row) => row.map((isIn) => !isIn));
    for (const [layer, counts] of [
      [new Twice(), every(x)],
      [new Carrying(), flags],
      [new Inverting(), inverse],
    ] as const) {
      const [found, y] = pooled(layer);
      expect(found).toBeAllclose(means(y, counts as boolean[][]));
    }
  });
});

describe('layers that drop it', () => {
  test.each(
    [
      layers.rmsNormalization(),
      layers.einsumDense('abc,cd->abd', [null, 2]),
      layers.reshape([T, F]),
      layers.permute([1, 2]),
      layers.lambda((of: SymbolicTensor) => ops.add(of, 1)),
      layers.globalAveragePooling1d({ keepdims: true }),
      layers.globalMaxPooling1d({ keepdims: true }),
    ].map((layer) => [layer.name, layer] as const),
  )('%s', (_, layer) => {
    const [found, y] = pooled(layer);
    expect(found).toBeAllclose(means(y, every(y)));
  });
  test('flatten, and recurrent layers that give their last output', () => {
    const trace = new Trace(false);
    trace.run(() => {
      const of = trace.constant(whole).withMask(trace.constant(tensor(flags)));
      for (const layer of [layers.flatten(), layers.lstm(2), layers.bidirectional(layers.gru(2))])
        expect((layer.invoke([of]) as SymbolicTensor).mask).toBeUndefined();
    });
  });
  test('once each with a warning, unless they take it up', () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const drops = layers.rmsNormalization({ name: 'dropping' });
    // What an inner layer gives has the mask by itself.
    const inner = layers.dense(2);
    const keeps = [
      layers.spectralNormalization(layers.dense(2)),
      layers.lambda((of: SymbolicTensor) => inner(of)),
    ];
    for (const layer of [
      drops,
      drops,
      layers.globalAveragePooling1d(),
      layers.dense(2),
      layers.gru(2),
      ...keeps,
    ])
      layer(x);
    const texts = warn.mock.calls.map(([text]) => text as string);
    vi.restoreAllMocks();
    expect(texts).toEqual([
      expect.stringContaining("layer 'dropping' (RMSNormalization) does not hand on the mask"),
    ]);
  });
  test('ops, where the add layer keeps it', () => {
    const sum = ops.add(x, x) as Tensor;
    expect(layers.globalAveragePooling1d()(sum)).toBeAllclose(means(sum, every(sum)));
    expect(layers.globalAveragePooling1d()(layers.add([x, x] as never) as never)).toBeAllclose(
      means(sum, flags),
    );
  });
});

describe('what masks change', () => {
  const sum = (of: Row): number => of.reduce((a, b) => a + b, 0);
  /** The steps that count, of all rows. */
  const counted = rowsOf(flags).flatMap((rows, b) => rows.filter((_, t) => flags[b]![t]));

  test('batch normalization has its statistics of the steps that count', async () => {
    const layer = layers.batchNormalization({ momentum: 0.75 });
    const model = new Sequential([input([T, F]), layers.masking(), layer]);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0 }), loss: 'mse' });
    const centers = columns(counted).map(mean);
    const variances = columns(counted).map((of, f) => mean(of.map((value) => (value - centers[f]!) ** 2)));
    const normal = (row: Row): Row =>
      row.map((value, f) => (value - centers[f]!) / Math.sqrt(variances[f]! + 1e-3));
    const options = { training: true } as never;
    const expected = tensor(rowsOf(flags).map((rows) => rows.map(normal)));
    // A call for training moves its statistics too.
    expect(layers.batchNormalization()(x, options)).toBeAllclose(expected);
    await model.trainOnBatch(whole, whole);
    const [, , moving, variance] = layer.getWeights();
    expect(moving).toBeAllclose(centers.map((of) => 0.25 * of));
    expect(variance).toBeAllclose(variances.map((of) => 0.75 + 0.25 * of));
  });
  test('average pooling divides by the number of steps that count', () => {
    expect(layers.globalAveragePooling1d()(x)).toBeAllclose(means(whole, flags));
  });
  test('recurrent layers on top of each other all skip the steps that do not count', () => {
    const options = {
      activation: 'linear',
      kernelInitializer: 'ones',
      recurrentInitializer: { name: 'constant', value: 0.5 },
    } as const;
    const net = new Sequential([
      layers.masking(),
      layers.simpleRnn(1, { ...options, returnSequences: true }),
      layers.simpleRnn(1, options),
    ]);
    const ends = rowsOf(flags).map((rows, b) => {
      let [first, second] = [0, 0];
      for (const [t, row] of rows.entries()) {
        if (!flags[b]![t]) continue;
        first = sum(row) + 0.5 * first;
        second = first + 0.5 * second;
      }
      return [second];
    });
    expect(net(whole) as unknown as Tensor).toBeAllclose(tensor(ends));
  });
  test('attention gives values that do not count no share, and such queries 0', () => {
    const values = masked(others, 5);
    const expected = rowsOf(flags).map((rows, b) => {
      const seen = rowsOf(others, 5)[b]!.filter((_, t) => others[b]![t]);
      return rows.map((query, t) => {
        const exps = seen.map((value) => Math.exp(sum(value.map((v, f) => v * query[f]!))));
        const taken = columns(seen).map((of) => sum(of.map((v, i) => v * exps[i]!)) / sum(exps));
        return flags[b]![t] ? taken : taken.map(() => 0);
      });
    });
    expect(layers.attention()([x, values] as never)).toBeAllclose(tensor(expected));
  });
  test('softmax is over what counts, 0 where nothing does', () => {
    const mask = tensor([[true, false, true], [false, false, false]]); // biome-ignore format: a matrix
    const [a, b] = [Math.exp(1) / (Math.exp(1) + Math.exp(3)), Math.exp(3) / (Math.exp(1) + Math.exp(3))];
    const shares = layers.softmax()(tensor([[1, 2, 3], [4, 5, 6]]), { mask }); // biome-ignore format: a matrix
    expect(shares).toBeAllclose([a, 0, b, 0, 0, 0]);
  });
  test('losses, metrics and gradients are of the steps that count, by their number', async () => {
    const layer = layers.dense(1);
    const model = new Sequential([input([T, F]), layers.masking(), layer]);
    model.compile({ optimizer: optimizers.sgd({ learningRate: 0.1 }), loss: 'mse', metrics: ['mae'] });
    const kernel = [0.5, -1, 2, 0.25];
    layer.setWeights([tensor(kernel.map((of) => [of])), tensor([0.125])]);
    const y = flags.map((row, b) => row.map((isIn, t) => [isIn ? b - t : 1000]));
    const truths = y.flatMap((row, b) => row.filter((_, t) => flags[b]![t]).flat());
    const errors = counted.map((row, i) => sum(row.map((v, f) => v * kernel[f]!)) + 0.125 - truths[i]!);
    const { loss, mae } = (await model.evaluate(whole, y)) as unknown as Record<string, number>;
    expect([loss!, mae!]).toBeAllclose([mean(errors.map((e) => e * e)), mean(errors.map(Math.abs))]);
    const weights = [[2, 9, 0.5], [9, 1, 3]]; // biome-ignore format: a matrix
    const own = [2, 0.5, 1, 3];
    const { loss: weighted } = await model.evaluate(whole, y, { sampleWeight: weights });
    expect([weighted]).toBeAllclose([mean(errors.map((e, i) => own[i]! * e * e))]);
    await model.trainOnBatch(whole, y);
    const slope = (of: Row): number => 0.1 * mean(errors.map((e, i) => 2 * e * of[i]!));
    expect(layer.getWeights()[0]).toBeAllclose(kernel.map((w, f) => w - slope(columns(counted)[f]!)));
    expect(layer.getWeights()[1]).toBeAllclose([0.125 - slope(errors.map(() => 1))]);
  });
});
