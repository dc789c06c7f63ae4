/**
 * Multi-head attention by Keras' rules, against the same sums in plain numbers: weights, scores, masks and dropout.
 */
import {
  input,
  layers,
  Model,
  ops,
  type SymbolicTensor,
  setRandomSeed,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { generator } from '../support/onnx.js';
import { expectFailure } from '../support/small.js';

type Row = number[];
type Sees = (b: number, t: number, s: number) => boolean;
type Projection = [kernel: Row[][], bias: Row[]];

// Sizes that are all different, of values too.
const [B, T, S, D, H, K, V] = [2, 3, 4, 5, 2, 3, 6];
const drawn = (shape: readonly number[], seed: number): Tensor => {
  const next = generator(seed);
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 2 * next() - 1);
  return tensor(data, { shape });
};
const [query, value, key] = [drawn([B, T, D], 1), drawn([B, S, D], 2), drawn([B, S, D], 3)] as const;

const sum = (row: Row): number => row.reduce((a, b) => a + b, 0);
const range = <A>(length: number, of: (i: number) => A): A[] => Array.from({ length }, (_, i) => of(i));
/** Rows as `[head][row][size]`. */
const heads = (rows: Row[], [kernel, bias]: Projection): Row[][] =>
  bias.map((own, h) =>
    rows.map((row) => own.map((b, k) => b + sum(row.map((x, d) => x * kernel[d]![h]![k]!)))),
  );

/** Shares and outputs of attention: who sees nothing takes nothing. */
function attention(layer: layers.Layer, [q, v, k]: readonly Tensor[], sees: Sees = () => true) {
  const [wq, bq, wk, bk, wv, bv, wo, bo] = layer.getWeights().map((w) => w.toArray()) as never[];
  const all = q!.toArray<Row[][]>().map((rows, b) => {
    const [queries, keys, values] = [
      heads(rows, [wq!, bq!]),
      heads(k!.toArray<Row[][]>()[b]!, [wk!, bk!]),
      heads(v!.toArray<Row[][]>()[b]!, [wv!, bv!]),
    ];
    const shares = queries.map((own, h) =>
      own.map((one, t) => {
        const scores = keys[h]!.map((of) => sum(of.map((x, i) => x * one[i]!)) / Math.sqrt(K));
        const exps = scores.map((score, s) => (sees(b, t, s) ? Math.exp(score) : 0));
        return exps.map((e) => e / (sum(exps) || 1));
      }),
    );
    const outputs = rows.map((_, t) =>
      (bo! as Row).map((bias, d) => {
        const taken = (h: number, i: number) =>
          sum(shares[h]![t]!.map((share, s) => share * values[h]![s]![i]!));
        return bias + sum(range(H, (h) => sum((wo! as Row[][])[h]!.map((to, i) => taken(h, i) * to[d]!))));
      }),
    );
    return { shares, outputs };
  });
  return {
    shares: tensor(all.map(({ shares }) => shares)),
    outputs: tensor(all.map(({ outputs }) => outputs)),
  };
}

/** Means over the steps that count. */
const means = (of: Tensor, counts: (b: number, t: number) => boolean): Tensor => {
  const left = of.toArray<Row[][]>().map((rows, b) => rows.filter((_, t) => counts(b, t)));
  return tensor(left.map((rows) => range(D, (d) => sum(rows.map((row) => row[d]!)) / rows.length)));
};

const call = (layer: layers.Layer, inputs: readonly Tensor[], options: object = {}): Tensor[] =>
  [layer.invoke([...inputs, options])].flat() as Tensor[];
function filled(options: layers.MultiHeadAttentionOptions = {}): layers.MultiHeadAttention {
  const layer = layers.multiHeadAttention(H, K, { valueDim: V, ...options });
  call(layer, [query, value, key]);
  layer.setWeights(layer.weights.map(({ shape }, i) => drawn(shape, i + 10)));
  return layer;
}

describe('weights', () => {
  test('are those of queries, keys, values and the output, a kernel and a bias each', () => {
    const shapes = [[D, H, K], [H, K], [D, H, K], [H, K], [D, H, V], [H, V], [H, V, D], [D]]; // biome-ignore format: shapes
    expect(filled().weights.map(({ shape }) => shape)).toEqual(shapes);
    const other = filled({ outputShape: 7, useBias: false }).weights.map(({ shape }) => shape);
    expect(other).toEqual([[D, H, K], [D, H, K], [D, H, V], [H, V, 7]]); // biome-ignore format: shapes
  });
  test('begin as those of dense layers to all heads would: heads count with their sizes', () => {
    setRandomSeed(3);
    const [size, many, keyDim, valueDim] = [32, 4, 8, 16];
    const layer = layers.multiHeadAttention(many, keyDim, { valueDim, outputShape: 24 });
    const x = drawn([1, 2, size], 1);
    call(layer, [x, x]);
    const fans = [size + many * keyDim, size + many * keyDim, size + many * valueDim, many * valueDim + 24];
    for (const [i, of] of fans.entries()) {
      const largest = Math.max(...layer.getWeights()[2 * i]!.data.map(Math.abs));
      const limit = Math.sqrt(6 / of);
      expect(largest / limit).toBeLessThanOrEqual(1);
      expect(largest / limit).toBeGreaterThan(0.98);
      expect(new Set(layer.getWeights()[2 * i + 1]!.data)).toEqual(new Set([0]));
    }
  });
});

// With and without scores, products are held or not.
describe.each([{ returnAttentionScores: true }, {}])('called with %o', (asked) => {
  function expectAlike(inputs: readonly Tensor[], options: object, sees?: Sees): void {
    const layer = filled();
    const [outputs, shares] = call(layer, inputs, { ...asked, ...options });
    const [q, v, k = v] = inputs as [Tensor, Tensor, Tensor?];
    const expected = attention(layer, [q, v, k], sees);
    expect(outputs).toBeAllclose(expected.outputs);
    if (shares) expect(shares).toBeAllclose(expected.shares);
    expect(shares === undefined).toBe(!('returnAttentionScores' in asked));
  }
  const queries = [[true, false, true], [false, true, true]]; // biome-ignore format: a matrix
  const values = [[true, true, false, true], [false, true, true, false]]; // biome-ignore format: a matrix
  const keys = [[true, false, true, true], [true, true, true, false]]; // biome-ignore format: a matrix
  const pairs = range(B, (b) => range(T, (t) => range(S, (s) => (b + t + s) % 3 !== 0)));

  test('scores are products over √keyDim, shares their softmax, also where values have another size', () => {
    expectAlike([query, value, key], {});
    expectAlike([query, value], {});
  });
  test.each<[string, object, Sees]>([
    ['queries', { queryMask: tensor(queries) }, (b, t) => queries[b]![t]!],
    ['values', { valueMask: tensor(values) }, (b, _, s) => values[b]![s]!],
    ['keys', { keyMask: tensor(keys) }, (b, _, s) => keys[b]![s]!],
    ['pairs', { attentionMask: tensor(pairs) }, (b, t, s) => pairs[b]![t]![s]!],
    ['the past', { useCausalMask: true }, (_, t, s) => t >= s],
  ])('a mask of %s leaves the others their shares', (_, options, sees) => {
    expectAlike([query, value, key], options, sees);
  });
  test('all masks hold together', () => {
    const options = {
      queryMask: tensor(queries),
      valueMask: tensor(values),
      keyMask: tensor(keys),
      attentionMask: tensor(pairs),
      useCausalMask: true,
    };
    expectAlike([query, value, key], options, (b, t, s) => {
      return queries[b]![t]! && values[b]![s]! && keys[b]![s]! && pairs[b]![t]![s]! && t >= s;
    });
  });
  test('a query that sees nothing takes 0: what it gives is the output bias', () => {
    const layer = filled();
    const attentionMask = tensor(range(B, (b) => range(T, (t) => range(S, () => b !== 0 || t !== 1))));
    const [outputs, shares] = call(layer, [query, value, key], { ...asked, attentionMask });
    expect(outputs!.toArray<Row[][]>()[0]![1]).toEqual(layer.getWeights()[7]!.toArray());
    if (shares)
      expect(new Set(shares.toArray<Row[][][]>()[0]!.flatMap((of) => of[1]!))).toEqual(new Set([0]));
  });
  test('masks of the inputs count by themselves, and that of the query stays on the output', () => {
    const some = (of: Tensor, counts: boolean[][]): Tensor =>
      layers.masking()(ops.where(ops.expandDims(tensor(counts), -1), of, 0));
    const [q, v, k] = [some(query, queries), some(value, values), some(key, keys)];
    const sees: Sees = (b, t, s) => queries[b]![t]! && values[b]![s]! && keys[b]![s]!;
    expectAlike([q, v, k], {}, sees);
    const layer = filled();
    const pooled = (of: readonly Tensor[]) => layers.globalAveragePooling1d()(call(layer, of, asked)[0]!);
    const { outputs } = attention(layer, [q, v, k], sees);
    expect(pooled([q, v, k])).toBeAllclose(means(outputs, (b, t) => queries[b]![t]!));
    const whole = attention(layer, [query, v, key], (b, _, s) => values[b]![s]!).outputs;
    expect(pooled([query, v, key])).toBeAllclose(means(whole, () => true));
  });
});

describe('a score below −1e9 beside one that is not seen, which Keras takes for −1e9', () => {
  const [q, v, attentionMask] = [tensor([[[-1e5]]]), tensor([[[1e5], [1]]]), tensor([[[true, false]]])];
  const outputs = (asked: object): unknown =>
    call(layers.multiHeadAttention(1, 1, { kernelInitializer: 'ones' }), [q, v], {
      attentionMask,
      ...asked,
    })[0]!.toArray();
  test('has no share where products are held', () => {
    expect(outputs({ returnAttentionScores: true })).toEqual([[[0]]]);
  });
  // The native op takes what is not seen for −∞, so what is seen has a share, however low its score.
  test('has all of it where they are not', () => {
    expect(outputs({})).toEqual([[[1e5]]]);
  });
});

test('a value size other than the key size trains without dropout', async () => {
  const [q, v] = [input([T, D]), input([S, D])];
  const layer = filled();
  const model = new Model({ inputs: [q, v], outputs: layer(q, v) as SymbolicTensor });
  model.compile({ optimizer: 'sgd', loss: 'mse' });
  const before = attention(layer, [query, value, value]).outputs;
  const y = tensor(before.data.map((of) => of + 1), { shape: before.shape }); // biome-ignore format: short
  // Every output is 1 too small: the gradient of an element of the output bias is −2 over their number, for each row.
  const [bias] = layer.getWeights().slice(7) as [Tensor];
  await model.trainOnBatch([query, value], y);
  expect(layer.getWeights()[7]).toBeAllclose(
    tensor(
      bias.data.map((of) => of + 0.01 * (2 / D)),
      { shape: [D] },
    ),
  );
});

describe('dropout', () => {
  const rate = 0.75;
  const [many, steps, size] = [8, 6, 6];
  // Values are places, and heads stand side by side in the output, which so shows the shares that are left.
  const places = tensor(range(many, () => range(size, (i) => range(size, (j) => Number(i === j)))));
  const queries = drawn([many, steps, size], 4);
  const layer = layers.multiHeadAttention(H, K, { valueDim: size, dropout: rate, outputShape: H * size });
  call(layer, [queries, places]);
  const [of, to] = [
    range(size, (d) => range(H, () => range(size, (v) => Number(v === d)))),
    range(H, (h) => range(size, (v) => range(H * size, (d) => Number(d === h * size + v)))),
  ];
  layer.setWeights(layer.getWeights().with(4, tensor(of)).with(6, tensor(to)));
  const { shares } = attention(layer, [queries, places, places]);
  /** What is left of the shares, as those stand. */
  const left = (outputs: Tensor): Row[][][] =>
    outputs
      .toArray<Row[][]>()
      .map((rows) => range(H, (h) => rows.map((row) => row.slice(h * size, (h + 1) * size))));

  test.each([{ returnAttentionScores: true }, {}])(
    'acts on single shares, which grow and are not made to sum to 1: %o',
    (asked) => {
      const [outputs, scores] = call(layer, [queries, places], { training: true, ...asked });
      if (scores) expect(scores).toBeAllclose(shares);
      const found = left(outputs!).flat(3);
      const kept = found.map(Boolean);
      expect(found).toBeAllclose(kept.map((isKept, i) => (isKept ? shares.data[i]! / (1 - rate) : 0)));
      expect(kept.filter(Boolean).length / kept.length).toBeGreaterThan(0.15);
      expect(kept.filter(Boolean).length / kept.length).toBeLessThan(0.35);
      // Neighbours along each axis differ somewhere: batch, heads, queries, keys.
      for (const [axis, stride] of [H * steps * size, steps * size, size, 1].entries()) {
        const isFirst = (i: number): boolean => Math.floor(i / stride) % [many, H, steps, size][axis]! === 0;
        expect(kept.some((isKept, i) => !isFirst(i) && isKept !== kept[i - stride])).toBe(true);
      }
      const again = left(call(layer, [queries, places], { training: true, ...asked })[0]!).flat(3);
      expect(again.map(Boolean)).not.toEqual(kept);
    },
  );
  test('has no part outside training', () => {
    expect(left(call(layer, [queries, places])[0]!).flat(3)).toBeAllclose(shares.data);
  });
  test('has a rate in [0, 1)', async () => {
    for (const dropout of [-0.1, 1, 2])
      await expectFailure(
        () => layers.multiHeadAttention(1, 1, { dropout }),
        'ERR_ARGUMENT',
        /^dropout .*in \[0, 1\)/,
      );
  });
});

describe('a Transformer block', () => {
  const tokens = tensor(Int32Array.of(1, 2, 0, 3, 0, 0, 2, 1), { shape: [2, 4] });
  /** Outputs of the block, and of a pooling behind it, with sums of one kind. */
  function outputs(add: (a: SymbolicTensor, b: SymbolicTensor) => SymbolicTensor): Tensor[] {
    const x = input({ shape: [4], dtype: 'int32' });
    const words = layers.embedding(4, D, { maskZero: true })(x) as SymbolicTensor;
    const seen = layers.multiHeadAttention(H, K, { dropout: 0.1 })(words, words) as SymbolicTensor;
    const first = layers.layerNormalization()(add(words, layers.dropout(0.1)(seen) as SymbolicTensor));
    const inner = layers.dense(D)(layers.dense(8, { activation: 'relu' })(first as never) as never);
    const last = layers.layerNormalization()(
      add(first as never, layers.dropout(0.1)(inner as never) as never),
    );
    const pooled = layers.globalAveragePooling1d()(last as never);
    return new Model({ inputs: x, outputs: [last, pooled] as never }).predictSync(
      tokens,
    ) as unknown as Tensor[];
  }
  test('keeps the mask to its end where its sums are the add layer’s', () => {
    const [last, pooled] = outputs((a, b) => layers.add([a, b]));
    expect(pooled).toBeAllclose(means(last!, (b, t) => tokens.data[4 * b + t] !== 0));
  });
  test('loses it where its sums are ops', () => {
    const [last, pooled] = outputs((a, b) => ops.add(a, b));
    expect(pooled).toBeAllclose(means(last!, () => true));
  });
});

test.each([
  ['each dense layer', layers.multiHeadAttention, 0],
  ['each dense layer, and the output once more', layers.groupQueryAttention, 1],
])('the activity regularizer is one of %s, as in Keras', async (_, make, again) => {
  const given = { activityRegularizer: 'l2' as const };
  const isGrouped = make === layers.groupQueryAttention;
  const layer = isGrouped
    ? layers.groupQueryAttention(K, 2, 1, given)
    : layers.multiHeadAttention(H, K, given);
  const [q, v] = [input([T, D]), input([S, D])];
  const model = new Model({ inputs: [q, v], outputs: layer(q, v) as SymbolicTensor });
  model.compile({ loss: (_, y: SymbolicTensor) => ops.mul(y, 0) });
  const { loss } = await model.evaluate(
    [query, value],
    tensor(new Float32Array(B * T * D), { shape: [B, T, D] }),
  );
  const [ofQuery, ofKey, ofValue] = layer.layers as layers.EinsumDense[];
  const squares = (of: Tensor): number => sum(Array.from(of.data, (one) => one ** 2));
  const inside = [ofQuery?.(query), ofKey?.(value), ofValue?.(value)] as Tensor[];
  const output = squares(model.predictSync([query, value]) as Tensor);
  const expected = sum(inside.map(squares)) + (1 + again) * output;
  expect(loss).toBeCloseTo((0.01 * expected) / B, 4);
});
