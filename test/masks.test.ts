/**
 * Masks: which layers hand them on, by Keras' rules, what heeds them, and what is wrong with them.
 */
import {
  input,
  Layer,
  layers,
  Model,
  ops,
  optimizers,
  Sequential,
  type SymbolicTensor,
  type Tensor,
  tensor,
} from 'ridgeline';
import { describe, expect, test } from 'vitest';
import { Trace } from '../src/core/trace.js';
import './support/allclose.js';
import { expectSameInRuntime } from './support/onnx.js';
import { expectFailure } from './support/small.js';

const MERGES = { multiply: layers.multiply, maximum: layers.maximum, minimum: layers.minimum };

/** The mask of what a layer gives for a masked input `[2, 3, 4]`, if it has one. */
function maskBehind(layer: Layer, list = false): number[] | undefined {
  const trace = new Trace(false);
  return trace.run(() => {
    const values = Float32Array.from({ length: 24 }, (_, i) => i / 7);
    const x = trace.constant(tensor(values, { shape: [2, 3, 4] }));
    const mask = trace.constant(tensor([[true, false, true], [false, true, true]])); // biome-ignore format: a matrix
    const of = x.withMask(mask);
    const outputs = [layer.invoke(list ? [[of, of]] : [of])].flat() as SymbolicTensor[];
    const [found] = outputs as [SymbolicTensor];
    return found.mask && [...(trace.evaluate([found.mask])[0]?.data ?? [])];
  });
}
const SAME = [1, 0, 1, 0, 1, 1];

describe('layers that hand a mask on', () => {
  const passing: Layer[] = [
    layers.dense(2),
    layers.activation('relu'),
    layers.elu(),
    layers.leakyRelu(),
    layers.prelu(),
    layers.relu(),
    layers.softmax(),
    layers.dropout(0.5),
    layers.gaussianDropout(0.5),
    layers.gaussianNoise(0.5),
    layers.alphaDropout(0.5),
    layers.spatialDropout1d(0.5),
    layers.activityRegularization({ l1: 0.1 }),
    layers.batchNormalization(),
    layers.layerNormalization(),
    layers.groupNormalization({ groups: 2 }),
    layers.unitNormalization(),
    layers.identity(),
    layers.rescaling(2),
    layers.lstm(2, { returnSequences: true }),
    layers.gru(2, { returnSequences: true, returnState: true }),
    layers.bidirectional(layers.simpleRnn(2, { returnSequences: true })),
    layers.timeDistributed(layers.dense(2)),
  ];
  test.each(passing.map((layer) => [layer.name, layer] as const))('%s', (_, layer) => {
    expect(maskBehind(layer)).toEqual(SAME);
  });
  test.each([layers.add(), layers.average(), layers.maximum(), layers.multiply(), layers.subtract()])(
    '%s',
    (layer) => {
      expect(maskBehind(layer, true)).toEqual(SAME);
    },
  );
  test('concatenate joins masks as it does its inputs', () => {
    expect(maskBehind(layers.concatenate(), true)).toEqual(SAME);
    expect(maskBehind(layers.concatenate({ axis: 1 }), true)).toEqual([1, 0, 1, 1, 0, 1, 0, 1, 1, 0, 1, 1]);
  });
  test('attention hands on that of the query', () => {
    const trace = new Trace(false);
    trace.run(() => {
      const x = trace.constant(tensor(new Float32Array(24), { shape: [2, 3, 4] }));
      const mask = trace.constant(tensor([[true, false, true], [false, true, true]])); // biome-ignore format: a matrix
      const attend = layers.multiHeadAttention(2, 2);
      expect((attend.invoke([x.withMask(mask), x]) as SymbolicTensor).mask).toBe(mask);
      expect((attend.invoke([x, x.withMask(mask)]) as SymbolicTensor).mask).toBeUndefined();
      // The sum by an op has none, that by a layer only where all have one.
      expect(ops.add(x.withMask(mask), x).mask).toBeUndefined();
      expect((layers.add()([x.withMask(mask), x]) as SymbolicTensor).mask).toBeUndefined();
    });
  });
});

test.each(
  [
    layers.flatten(),
    layers.reshape([12]),
    layers.permute([2, 1]),
    layers.lambda((x: SymbolicTensor) => ops.mul(x, 2)),
    layers.rmsNormalization(),
    layers.lstm(2),
    layers.globalAveragePooling1d(),
    layers.einsumDense('abc,cd->abd', [null, 2]),
  ].map((layer) => [layer.name, layer] as const),
)('%s drops it', (_, layer) => {
  expect(maskBehind(layer)).toBeUndefined();
});

describe('what heeds masks', () => {
  const tokens = tensor(Int32Array.of(1, 2, 0, 3, 0, 0, 0, 0), { shape: [2, 4] });
  const truths = [[1, 2, 9, 3], [9, 9, 9, 9]]; // biome-ignore format: a matrix
  const model = (options: object): Model => {
    const net = new Sequential([
      input({ shape: [null], dtype: 'int32' }),
      layers.embedding(4, 1, { maskZero: true, embeddingsInitializer: 'ones' }),
      layers.dense(1, { kernelInitializer: 'ones' }),
    ]).compile({ loss: 'mse', metrics: ['mae'], optimizer: 'sgd', ...options });
    return net as Model;
  };
  test('losses and metrics are means over what counts', async () => {
    // Predictions are 1: errors 0, 1 and 2 where a token stands.
    const { loss, mae } = (await model({}).evaluate(tokens, truths, { batchSize: 2 })) as Record<
      string,
      number
    >;
    expect(loss).toBeCloseTo(5 / 3, 5);
    expect(mae).toBeCloseTo(1, 5);
    const weights = { sampleWeight: [[2, 1, 1, 1], [1, 1, 1, 1]] }; // biome-ignore format: a matrix
    const weighted = await model({ weightedMetrics: ['mae'], metrics: [] }).evaluate(tokens, truths, weights);
    expect(weighted.loss).toBeCloseTo(5 / 3, 5);
    expect((weighted as Record<string, number>).mae).toBeCloseTo(3 / 4, 5);
  });
  test('where nothing counts the loss is 0', async () => {
    const none = tensor(new Int32Array(4), { shape: [1, 4] });
    const { loss } = (await model({ metrics: [] }).evaluate(none, [[1, 2, 3, 4]])) as Record<string, number>;
    expect(loss).toBe(0);
  });
  test('masked steps change nothing in training', async () => {
    const [a, b] = [model({}), model({})];
    await a.fit(tokens, truths, { epochs: 3, batchSize: 2, verbose: 0 });
    await b.fit(tokens, [[1, 2, -50, 3], [7, 7, 7, 7]], { epochs: 3, batchSize: 2, verbose: 0 }); // biome-ignore format: a matrix
    expect(a.getWeights().map(({ data }) => [...data])).toEqual(b.getWeights().map(({ data }) => [...data]));
  });
  test('a mask that is given with the call, also where layers are called at once', () => {
    const x = tensor(Float32Array.from({ length: 12 }, (_, i) => i), { shape: [1, 6, 2] }); // biome-ignore format: short
    const mask = tensor([[true, true, false, false, false, false]]);
    const pool = layers.globalAveragePooling1d();
    expect(pool(x, { mask }).toArray()).toEqual([[1, 2]]);
    const words = layers.embedding(3, 2, { maskZero: true })(
      tensor(Int32Array.of(1, 0, 2, 0), { shape: [1, 4] }),
    );
    const expected = [0, 1].map((i) => ((words.data[i] as number) + (words.data[4 + i] as number)) / 2);
    const pooled = pool(words).data;
    for (const [i, value] of expected.entries()) expect(pooled[i]).toBeCloseTo(value, 6);
  });
  test('a mask in the functional API is saved with the call', async () => {
    const [x, mask] = [input([3, 2]), input({ shape: [3], dtype: 'bool', name: 'mask' })];
    const net = new Model({
      inputs: [x, mask],
      outputs: layers.lstm(2)(x, { mask }) as unknown as SymbolicTensor,
    });
    const { mkdtempSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const { loadModel } = await import('ridgeline');
    const file = join(mkdtempSync(join(tmpdir(), 'ridgeline-mask-')), 'net');
    await net.save(file);
    const data = [tensor(new Float32Array(6).fill(0.5), { shape: [1, 3, 2] }), tensor([[true, false, true]])];
    const again = await loadModel(file);
    expect((await again.predict(data)).data).toEqual((await net.predict(data)).data);
    const other = [data[0], tensor([[true, true, true]])] as never;
    expect((await again.predict(other)).data).not.toEqual((await net.predict(data)).data);
  });
});

describe('bad input', () => {
  const x = tensor(new Float32Array(12), { shape: [2, 3, 2] });
  test('masks', async () => {
    const layer = layers.lstm(2);
    const of = (mask: unknown) => () => layer(x, { mask } as never);
    await expectFailure(of(tensor([[1, 0, 1], [1, 1, 1]])), 'ERR_DTYPE', /mask must be bool/); // biome-ignore format: short
    await expectFailure(of(tensor([[true, true], [true, true]])), 'ERR_SHAPE', /mask/); // biome-ignore format: short
    await expectFailure(of('all'), 'ERR_ARGUMENT', /expects tensors/);
  });
  test('tokens outside the table', async () => {
    const layer = layers.embedding(4, 2);
    for (const token of [4, -1])
      await expectFailure(
        () => layer(tensor(Int32Array.of(token))),
        'ERR_ARGUMENT',
        /indices must be in \[0, 4\)/,
      );
    const net = new Sequential([input({ shape: [2], dtype: 'int32' }), layer]);
    await expectFailure(
      () => net.predict([[0, 7]]),
      'ERR_ARGUMENT',
      /indices must be in \[0, 4\), received 7/,
    );
  });
  test('states', async () => {
    const layer = layers.lstm(2);
    const state = (size: number) => tensor(new Float32Array(2 * size), { shape: [2, size] });
    await expectFailure(
      () => layer(x, { initialState: [state(2)] as never }),
      'ERR_ARGUMENT',
      /initialState must be 2 tensors/,
    );
    const wrong = [state(3), state(3)] as never;
    await expectFailure(
      () => layer(x, { initialState: wrong }),
      'ERR_SHAPE',
      /a state of shape \[2, 2\], received \[2, 3\]/,
    );
  });
  test('activations, axes, and what is no recurrent layer', async () => {
    await expectFailure(
      () => layers.lstm(2, { activation: 'tahn' as never }),
      'ERR_ARGUMENT',
      /activation must be .*did you mean 'tanh'/,
    );
    await expectFailure(() => layers.gru(2)(tensor([[1, 2]])), 'ERR_SHAPE', /\[batch, time, features\]/);
    await expectFailure(() => layers.bidirectional(layers.dense(2)), 'ERR_ARGUMENT', /a recurrent layer/);
    await expectFailure(
      () => layers.multiHeadAttention(2, 2)(tensor([[1, 2]]), tensor([[1, 2]])),
      'ERR_SHAPE',
      /expects a query/,
    );
    await expectFailure(
      () => layers.groupQueryAttention(2, 3, 2),
      'ERR_ARGUMENT',
      /numQueryHeads must be a multiple of 2/,
    );
    await expectFailure(() => layers.einsumDense('ab,bc', 2), 'ERR_ARGUMENT', /an equation such as/);
  });
  test('no steps at all', async () => {
    const none = tensor(new Float32Array(0), { shape: [2, 0, 3] });
    expect(layers.lstm(2)(none).toArray()).toEqual([[0, 0], [0, 0]]); // biome-ignore format: short
    expect(layers.gru(2, { returnSequences: true })(none).shape).toEqual([2, 0, 2]);
  });
});

describe('sizes that are not known', () => {
  const [x, y] = [input([null, 4]), input([null, 4])];
  const mask = input({ shape: [null], dtype: 'bool' });
  const data = tensor(
    Float32Array.from({ length: 24 }, (_, i) => i / 9),
    { shape: [2, 3, 4] },
  );
  const counts = tensor([[true, false, true], [false, false, true]]); // biome-ignore format: a matrix
  test.each<[string, () => unknown]>([
    ['lstm', () => layers.lstm(3)(x, { mask })],
    ['dense, then gru', () => layers.gru(3)(layers.dense(2)(x, { mask }) as never)],
    ['multiHeadAttention', () => layers.multiHeadAttention(2, 2)(x, x, undefined, { valueMask: mask })],
    ['bidirectional', () => layers.bidirectional(layers.simpleRnn(2))(x, { mask })],
  ])('%s with a mask of its own', async (_, outputs) => {
    const model = new Model({ inputs: [x, mask], outputs: outputs() as SymbolicTensor });
    const found = await model.predict([data, counts]);
    expect([...found.data].every(Number.isFinite)).toBe(true);
    await expectFailure(() => model.predict([data, tensor([[true], [true]])]), 'ERR_SHAPE', /equal/); // biome-ignore format: short
  });
  test('keys and values by themselves', async () => {
    const outputs = layers.multiHeadAttention(2, 2)(x, y, input([null, 4], { name: 'key' }));
    const key = (outputs as SymbolicTensor).call?.inputs[2] as SymbolicTensor;
    const model = new Model({ inputs: [x, y, key], outputs: outputs as SymbolicTensor });
    expect((await model.predict([data, data, data])).shape).toEqual([2, 3, 4]);
  });
  test('a loss behind a mask of its own', async () => {
    const outputs = layers.dense(1)(x, { mask }) as SymbolicTensor;
    const model = new Model({ inputs: [x, mask], outputs }).compile({ loss: 'mse' });
    const { loss } = await model.evaluate([data, counts], [[1, 2, 3], [4, 5, 6]]); // biome-ignore format: a matrix
    expect(loss).toBeGreaterThan(0);
  });
  test('timeDistributed', async () => {
    const deep = input([null, null, 4]);
    const rows = tensor(new Float32Array(2 * 3 * 2 * 4).fill(1), { shape: [2, 3, 2, 4] });
    const net = new Model({
      inputs: deep,
      outputs: layers.timeDistributed(layers.lstm(3))(deep) as SymbolicTensor,
    });
    expect((await net.predict(rows)).shape).toEqual([2, 3, 3]);
    const two = layers.timeDistributed(layers.lstm(3, { returnState: true })).invoke([rows]) as {
      shape: number[];
    }[];
    expect(two.map(({ shape }) => shape)).toEqual([[2, 3, 3], [2, 3, 3], [2, 3, 3]]); // biome-ignore format: shapes
  });
  test('timeDistributed carries what counts within a step, and which steps have something', async () => {
    const words = [[[1, 2, 0], [3, 0, 0], [0, 0, 0]], [[1, 1, 1], [0, 0, 0], [2, 2, 0]]]; // biome-ignore format: texts
    const tokens = input([3, 3], { dtype: 'int32' });
    const embedding = layers.embedding(4, 5, { maskZero: true });
    const [inner, outer] = [layers.lstm(4), layers.lstm(3)];
    const sentences = layers.timeDistributed(inner)(embedding(tokens)) as SymbolicTensor;
    const net = new Model({ inputs: tokens, outputs: [sentences, outer(sentences) as SymbolicTensor] });
    const [each, text] = (await net.predict(words)) as unknown as Tensor[];
    // The same, a sentence at a time and with only the words and sentences that count.
    words.forEach((sentences, i) => {
      const counted = sentences.map((sentence) => sentence.filter((word) => word > 0));
      const vectors = counted.map((sentence, j) => {
        if (sentence.length === 0) return undefined;
        const vector = inner(embedding(tensor([sentence], { dtype: 'int32' }))) as Tensor;
        const [expected] = vector.toArray<number[][]>() as [number[]];
        expect(each?.rows(i, i + 1).toArray<number[][][]>()[0]?.[j]).toBeAllclose(expected);
        return expected;
      });
      const whole = outer(tensor([vectors.filter((of) => of !== undefined)] as number[][][])) as Tensor;
      expect(text?.rows(i, i + 1)).toBeAllclose(whole);
    });
  });
  test('timeDistributed leaves out the activity regularizer of its layer, as Keras does', async () => {
    const steps = tensor(new Float32Array(12).fill(1), { shape: [2, 3, 2] });
    const make = (layer: layers.Layer): Sequential =>
      new Sequential([input([3, 2]), layer]).compile({ loss: (_, y: SymbolicTensor) => ops.mul(y, 0) });
    const penalized = layers.dense(1, { activityRegularizer: 'l2', kernelInitializer: 'ones' });
    const zeros = tensor(new Float32Array(6), { shape: [2, 3, 1] });
    expect((await make(layers.timeDistributed(penalized)).evaluate(steps, zeros)).loss).toBe(0);
    const whole = layers.dense(1, { activityRegularizer: 'l2', kernelInitializer: 'ones' });
    expect((await make(whole).evaluate(steps, zeros)).loss).toBeCloseTo((0.01 * 6 * 4) / 2, 6);
  });
  test('predictions of batches of several lengths make no one tensor', async () => {
    const model = new Model({
      inputs: x,
      outputs: layers.lstm(1, { returnSequences: true })(x) as SymbolicTensor,
    });
    const batches = function* () {
      yield { x: data };
      yield { x: tensor(new Float32Array(8), { shape: [1, 2, 4] }) };
    };
    await expectFailure(() => model.predict(batches), 'ERR_SHAPE', /rows \[3, 1\] and \[2, 1\]/);
  });
});

describe('a layer of one’s own that looks at its mask', () => {
  /** The mean of the steps that count, which it cannot do without. */
  class MeanOfWords extends Layer {
    static override readonly className: string = 'MeanOfWords';
    readonly #weigh = layers.dense(1);
    override call(of: SymbolicTensor): SymbolicTensor {
      if (!of.mask) throw new Error('it needs a mask');
      const counts = ops.expandDims(ops.cast(of.mask, 'float32'), -1);
      const weights = ops.mul(ops.exp(this.#weigh(of)), counts);
      return ops.div(ops.sum(ops.mul(of, weights), { axis: 1 }), ops.sum(weights, { axis: 1 }));
    }
  }
  test('sees it in the functional API from the first call on', async () => {
    const tokens = input({ shape: [null], dtype: 'int32' });
    const words = layers.embedding(9, 4, { maskZero: true })(tokens);
    const dropped = layers.dropout(0.1)(words);
    const mean = new MeanOfWords()(dropped);
    expect(mean.shape).toEqual([null, 4]);
    const model = new Model({ inputs: tokens, outputs: layers.dense(1)(mean) }).compile({ loss: 'mse' });
    const count = model.countParams();
    const rows = tensor([[1, 2, 0], [3, 0, 0]], { dtype: 'int32' }); // biome-ignore format: a matrix
    await model.fit(rows, [0, 1], { verbose: 0 });
    expect(model.countParams()).toBe(count);
    const padded = tensor([[1, 2, 0, 0], [3, 0, 0, 0]], { dtype: 'int32' }); // biome-ignore format: a matrix
    expect(model.predictSync(padded)).toBeAllclose(model.predictSync(rows) as Tensor);
    expect(() => new MeanOfWords()(layers.embedding(9, 4)(tokens))).toThrow(/it needs a mask/);
    // Ops drop it.
    expect(() => new MeanOfWords()(ops.mul(words, 2))).toThrow(/it needs a mask/);
  });
});

test('calls with something left out, or with flags, are saved', async () => {
  const { mkdtempSync } = await import('node:fs');
  const { tmpdir } = await import('node:os');
  const { join } = await import('node:path');
  const { loadModel } = await import('ridgeline');
  const x = input([3, 4]);
  const outputs = layers.multiHeadAttention(2, 3)(x, x, undefined, { useCausalMask: true }) as SymbolicTensor;
  const model = new Model({ inputs: x, outputs });
  const file = join(mkdtempSync(join(tmpdir(), 'ridgeline-call-')), 'net');
  await model.save(file);
  const data = tensor(Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)), { shape: [2, 3, 4] }); // biome-ignore format: short
  expect((await (await loadModel(file)).predict(data)).data).toEqual((await model.predict(data)).data);
});

test('no rows at all', () => {
  const none = tensor(new Float32Array(0), { shape: [0, 3, 4] });
  expect(layers.gru(2)(none).shape).toEqual([0, 2]);
  expect(layers.bidirectional(layers.lstm(2))(none)).toMatchObject({ shape: [0, 4] });
});

test('flags of calls are booleans, masks of attention are read alike', async () => {
  const attend = layers.multiHeadAttention(2, 2);
  const x = tensor(Float32Array.from({ length: 24 }, (_, i) => Math.cos(i)), { shape: [2, 3, 4] }); // biome-ignore format: short
  const of = (options: object) => () => attend.invoke([x, x, undefined, options]);
  await expectFailure(of({ useCausalMask: 'yes' }), 'ERR_ARGUMENT', /^useCausalMask must be a boolean/);
  await expectFailure(
    of({ returnAttentionScores: tensor(0) }),
    'ERR_ARGUMENT',
    /^returnAttentionScores must be a boolean/,
  );
  await expectFailure(of({ attentionMask: true }), 'ERR_ARGUMENT', /expects tensors for attentionMask/);
  const queryMask = tensor([[1, 0, 1], [1, 1, 1]]); // biome-ignore format: a matrix
  const [apart] = of({ queryMask, returnAttentionScores: true })() as { data: Float32Array }[];
  const fused = of({ queryMask })() as { data: Float32Array };
  for (const [i, value] of fused.data.entries()) expect(value).toBeCloseTo(apart?.data[i] as number, 5);
  const infinite = layers.lambda((of: SymbolicTensor) => ops.log(of));
  const pooled = layers.globalAveragePooling1d();
  const net = new Sequential([input([2, 1]), infinite]);
  const steps = input([2, 1]);
  const mask = input({ shape: [2], dtype: 'bool' });
  const outputs = pooled(net(steps) as SymbolicTensor, { mask }) as SymbolicTensor;
  const model = new Model({ inputs: [steps, mask], outputs });
  const found = await model.predict([tensor([[[1], [0]]]), tensor([[true, false]])]);
  expect(found.toArray()).toEqual([[0]]);
});

test('a mask of queries that comes with the call is that of the output', async () => {
  const [query, mask] = [input([3, 2]), input({ shape: [3], dtype: 'bool' })];
  const seen = { queryMask: mask, valueMask: mask };
  const attended = {
    attention: layers.attention()([query, query], seen),
    additiveAttention: layers.additiveAttention()([query, query], seen),
    multiHeadAttention: layers.multiHeadAttention(1, 2)(query, query, undefined, seen),
  };
  const rows = [tensor([[[1, 2], [3, 4], [5, 6]]]), tensor([[true, true, false]])]; // biome-ignore format: a matrix
  for (const output of Object.values(attended)) {
    const whole = new Model({ inputs: [query, mask], outputs: output as SymbolicTensor });
    const pooled = new Model({
      inputs: [query, mask],
      outputs: layers.globalAveragePooling1d()(output as SymbolicTensor),
    });
    const [[first, second]] = ((await whole.predict(rows)) as Tensor).toArray<number[][][]>() as [number[][]];
    const [mean] = ((await pooled.predict(rows)) as Tensor).toArray<number[][]>() as [number[]];
    for (const [i, of] of mean.entries())
      expect(of).toBeCloseTo(((first?.[i] as number) + (second?.[i] as number)) / 2, 5);
  }
  // Of attention without heads as Keras 3.15 has it.
  const mean = new Model({
    inputs: [query, mask],
    outputs: layers.globalAveragePooling1d()(attended.attention as SymbolicTensor),
  });
  const [found] = ((await mean.predict(rows)) as Tensor).toArray<number[][]>() as [number[]];
  for (const [i, of] of [2.9975, 3.9975].entries()) expect(found[i]).toBeCloseTo(of, 3);
});

test('names of layers', () => {
  expect(layers.globalAveragePooling1d().name).toBe('global_average_pooling1d');
  expect([layers.lstm(1).name, layers.simpleRnn(1).name, layers.lstmCell(1).name]).toEqual([
    'lstm',
    'simple_rnn',
    'lstm_cell',
  ]);
});

describe('no steps at all', () => {
  const none = (features: number): Tensor => tensor([], { shape: [2, 0, features] });
  test.each<[string, () => Layer]>([
    ['globalAveragePooling1d', () => layers.globalAveragePooling1d()],
    ['lstm', () => layers.lstm(3)],
    ['rnn of a cell', () => layers.rnn(layers.gruCell(3))],
  ])('%s gives zeros', (_, layer) => {
    const model = new Sequential([layers.input([null, 3]), layer()]);
    expect((model.predictSync(none(3)) as Tensor).toArray()).toEqual([
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });
});

test('renormalization by the steps that count, as Keras 3.15 on JAX', async () => {
  const model = new Sequential([
    layers.input([3, 4]),
    layers.masking(),
    layers.batchNormalization({ renorm: true }),
    layers.dense(1, { kernelInitializer: 'ones' }),
  ]).compile({ loss: 'mse', optimizer: optimizers.sgd({ learningRate: 0.1 }) });
  const values = Float32Array.from({ length: 24 }, (_, i) => (i > 15 ? 0 : Math.sin(i)));
  const rows = [[1], [2], [3]];
  const losses: number[] = [];
  for (let i = 0; i < 3; i++)
    losses.push((await model.trainOnBatch(tensor(values, { shape: [2, 3, 4] }), [rows, rows])).loss);
  [5.522340297698975, 2.5242602825164795, 1.7285560369491577].forEach((loss, i) =>
    expect(losses[i]).toBeCloseTo(loss, 5),
  );
});

// Values of Keras 3.15 on JAX.
test.each<[keyof typeof MERGES, number, number[][]]>([
  [
    'multiply',
    1,
    [
      [10, 7, 0],
      [10, 7, 0],
      [10, 0, 0],
      [25, 24.5, 0],
    ],
  ],
  [
    'maximum',
    -1,
    [
      [2, -7, 0],
      [2, -7, 0],
      [2, 0, 0],
      [2, -3.5, 0],
    ],
  ],
  [
    'minimum',
    1,
    [
      [2, 7, 0],
      [2, 7, 0],
      [2, 0, 0],
      [2, 3.5, 0],
    ],
  ],
])('%s leaves out what the masks of its inputs leave out', async (name, sign, expected) => {
  // biome-ignore format: rows
  const merge = MERGES[name];
  const a = input({ shape: [3, 1], name: 'a' });
  const b = input({ shape: [3, 1], name: 'b' });
  const masked = (x: SymbolicTensor): SymbolicTensor => layers.masking()(x);
  const half = masked(layers.rescaling(0.5)(b));
  const outputs = [
    merge([masked(a), masked(b)]),
    merge([masked(a), b]),
    merge([a, masked(b)]),
    merge([masked(a), masked(b), half]),
  ] as const;
  const model = new Model({ inputs: [a, b], outputs: [...outputs] });
  const found = await model.predict([tensor([[[2], [0], [0]]]), tensor([[[sign * 5], [sign * 7], [0]]])]);
  for (const [i, of] of found.entries()) expect([...of.data].map((x) => x + 0)).toEqual(expected[i]);
  await expectSameInRuntime(model);
});
